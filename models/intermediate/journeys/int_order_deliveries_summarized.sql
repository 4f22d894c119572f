with

fulfillment_events as (

    select * from {{ ref('int_fulfillment_events_unioned') }}

),

fulfillments as (

    select * from {{ ref('int_fulfillments_unioned') }}

),

-- Carriers move their estimate along with the delay: the earliest day named is what was promised.
shipments as (

    select
        fulfillment_key,
        min(estimated_delivery_at) as promised_at,
        min(occurred_at) filter (where event_type = 'delivered') as delivered_at

    from fulfillment_events

    group by fulfillment_key

),

-- An order has arrived with its last parcel, and is late with its first late one. A cancelled
-- shipment arrives never and is awaited by nobody.
final as (

    select
        fulfillments.order_key,
        case
            when count(*) = count(shipments.delivered_at) then max(shipments.delivered_at)
        end as delivered_at,
        min(shipments.promised_at) filter (
            where shipments.delivered_at is null
        ) as overdue_since_at

    from shipments
    inner join fulfillments on shipments.fulfillment_key = fulfillments.fulfillment_key

    where coalesce(fulfillments.status, 'success') not in ('cancelled', 'error', 'failure')

    group by fulfillments.order_key

)

select * from final
