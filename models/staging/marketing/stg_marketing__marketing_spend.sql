with

spend as (

    select * from {{ source('marketing', 'marketing_spend') }}

),

keyed as (

    select
        source_name,
        'marketing' as platform,
        source_name
        || ':spend:' || cast(spend_date as {{ dbt.type_string() }})
        || ':' || channel
        || ':' || campaign_id as marketing_spend_key,

        spend_date,
        lower(channel) as channel,
        campaign_id,
        campaign_name,

        upper(currency_code) as currency_code,
        amount as spend_amount,
        impressions as impression_count,
        clicks as click_count

    from spend

)

select * from keyed
