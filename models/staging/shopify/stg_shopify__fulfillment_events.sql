with

fulfillment_events as (

    select * from {{ source('shopify', 'fulfillment_event') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ numeric_key('id') }} as fulfillment_event_key,
        {{ numeric_key('fulfillment_id') }} as fulfillment_key,

        lower(status) as event_type,

        estimated_delivery_at,
        coalesce(happened_at, created_at) as occurred_at

    from fulfillment_events

)

select * from renamed
