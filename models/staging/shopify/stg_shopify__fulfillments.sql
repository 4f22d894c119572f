with

fulfillments as (

    select * from {{ source('shopify', 'fulfillment') }}

),

fulfillment_events as (

    select * from {{ source('shopify', 'fulfillment_event') }}

),

events_aggregated as (

    select
        source_name,
        fulfillment_id,

        max_by(lower(status), (happened_at, id)) as shipment_status,

        min(happened_at) filter (where lower(status) = 'delivered') as delivered_at,
        max_by(estimated_delivery_at, (happened_at, id)) filter (
            where estimated_delivery_at is not null
        ) as estimated_delivery_at

    from fulfillment_events

    group by source_name, fulfillment_id

),

joined as (

    select
        fulfillments.source_name,
        'shopify' as platform,
        {{ entity_key('fulfillment', 'fulfillments.id', 'fulfillments.source_name') }}
            as fulfillment_key,
        {{ entity_key('order', 'fulfillments.order_id', 'fulfillments.source_name') }}
            as order_key,

        lower(fulfillments.status) as status,
        -- Events are dated, the column is overwritten in place.
        coalesce(events_aggregated.shipment_status, lower(fulfillments.shipment_status))
            as shipment_status,
        fulfillments.tracking_company as carrier,

        fulfillments.created_at as fulfilled_at,
        events_aggregated.delivered_at,
        events_aggregated.estimated_delivery_at

    from fulfillments

    left join events_aggregated
        on
            fulfillments.source_name = events_aggregated.source_name
            and fulfillments.id = events_aggregated.fulfillment_id

)

select * from joined
