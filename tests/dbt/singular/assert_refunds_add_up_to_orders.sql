-- Fails for orders whose refund_amount is not the sum of their counted refunds.
{{ config(meta={'dagster': {'ref': {'name': 'refunds'}}}) }}

with

orders as (

    select
        order_key,
        refund_amount

    from {{ ref('orders') }}

    where refund_amount != 0

),

refunds as (

    select
        order_key,
        sum(refund_amount) as refund_amount

    from {{ ref('refunds') }}

    where is_counted

    group by order_key

)

select
    orders.order_key,
    refunds.order_key as refunded_order_key,
    orders.refund_amount,
    refunds.refund_amount as expected_refund_amount
from orders
full outer join refunds
    on orders.order_key = refunds.order_key

where coalesce(orders.refund_amount, 0) != coalesce(refunds.refund_amount, 0)
