with

sends as (

    select * from {{ source('journeys', 'journey_sends') }}

),

keyed as (

    select
        source_name,
        'journeys' as platform,
        source_name
        || ':' || journey_key
        || ':' || customer_key
        || ':' || cast(sent_at as {{ dbt.type_string() }}) as journey_send_key,

        journey_key,
        customer_key,
        subject_key,
        lower(channel) as channel,

        sent_at

    from sends

)

select * from keyed
