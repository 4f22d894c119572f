with

fulfillment_events as (

    select * from {{ ref('int_fulfillment_events_unioned') }}

),

fulfillments as (

    select * from {{ ref('int_fulfillments_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_resolved') }}

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

delivered as (

    select
        orders.customer_key,
        shipments.delivered_at,
        shipments.promised_at is not null as is_promised,
        coalesce(
            {{ to_reporting_date('shipments.delivered_at') }}
            > {{ to_reporting_date('shipments.promised_at') }},
            false
        ) as is_late

    from shipments
    inner join fulfillments on shipments.fulfillment_key = fulfillments.fulfillment_key
    inner join orders on fulfillments.order_key = orders.order_key

    where
        shipments.delivered_at is not null
        and orders.is_counted
        and orders.customer_key is not null

),

summarized as (

    select
        customer_key,
        count(*) as delivery_count,
        count(*) filter (where is_late) as late_delivery_count,
        round(
            cast(count(*) filter (where is_late) as double)
            / nullif(count(*) filter (where is_promised), 0), 6
        ) as late_delivery_rate,
        max(delivered_at) filter (where is_late) as last_late_delivery_at

    from delivered

    group by customer_key

)

select * from summarized
