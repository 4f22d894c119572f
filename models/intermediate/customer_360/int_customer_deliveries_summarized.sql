with

shipments as (

    select * from {{ ref('int_shipments_tracked') }}

),

orders as (

    select * from {{ ref('int_orders_resolved') }}

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
    inner join orders on shipments.order_key = orders.order_key

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
