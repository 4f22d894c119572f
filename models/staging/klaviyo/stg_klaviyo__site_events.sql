with

events as (

    select * from {{ source('klaviyo', 'event') }}

),

metrics as (

    select * from {{ source('klaviyo', 'metric') }}

),

-- Orders and refunds reach Klaviyo too, but the shop is the truth about them.
metrics_mapped as (

    select
        source_name,
        id,

        case lower(name)
            when 'active on site' then 'active_on_site'
            when 'viewed product' then 'viewed_product'
            when 'added to cart' then 'added_to_cart'
            when 'started checkout' then 'started_checkout'
            when 'checkout started' then 'started_checkout'
            when 'subscribed to back in stock' then 'asked_for_restock'
        end as event_type

    from metrics

),

joined as (

    select
        events.source_name,
        'klaviyo' as platform,
        {{ entity_key('site_event', 'events.id', 'events.source_name') }} as site_event_key,
        {{ entity_key('profile', 'events.person_id', 'events.source_name') }} as record_key,

        metrics_mapped.event_type,
        events.product_id,
        events.variant_id,
        events.product_name as product_title,

        -- Text in Klaviyo, where a theme may send anything: what is not a number is no amount.
        try_cast(events.event_value as decimal(18, 4)) as amount,

        events.event_at as occurred_at

    from events

    inner join metrics_mapped
        on
            events.source_name = metrics_mapped.source_name
            and events.metric_id = metrics_mapped.id

    where metrics_mapped.event_type is not null

)

select * from joined
