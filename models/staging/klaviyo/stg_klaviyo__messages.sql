with

campaigns as (

    select
        source_name,
        'klaviyo' as platform,
        {{ entity_key('campaign', 'id') }} as message_key,
        id as message_id,

        'campaign' as message_type,
        name,
        subject,
        case when lower(campaign_type) like '%sms%' then 'sms' else 'email' end as channel,

        sent_at

    from {{ source('klaviyo', 'campaign') }}

),

-- A flow goes out customer by customer: it has no subject, channel or date of its own.
flows as (

    select
        source_name,
        'klaviyo' as platform,
        {{ entity_key('flow', 'id') }} as message_key,
        id as message_id,

        'flow' as message_type,
        name,
        cast(null as {{ dbt.type_string() }}) as subject,
        cast(null as {{ dbt.type_string() }}) as channel,

        cast(null as timestamp) as sent_at

    from {{ source('klaviyo', 'flow') }}

),

unioned as (

    select * from campaigns

    union all

    select * from flows

)

select * from unioned
