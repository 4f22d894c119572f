with

fulfillment_events as (

    select * from {{ source('shopify', 'fulfillment_event') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ entity_key('fulfillment_event', 'id') }} as fulfillment_event_key,
        {{ entity_key('fulfillment', 'fulfillment_id') }} as fulfillment_key,

        lower(status) as event_type,

        estimated_delivery_at,
        coalesce(happened_at, created_at) as occurred_at

    from fulfillment_events

)

select * from renamed
