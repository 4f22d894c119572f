-- Fails when what customer_360 tells of all customers, plus the stated remainder (orders that
-- name nobody), is not what `orders` tells, in counted orders or in any amount.
{{ config(meta={'dagster': {'ref': {'name': 'customer_360'}}}) }}

with

customers as (

    select
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(sales_amount), 0) as sales_amount,
        coalesce(sum(refund_amount), 0) as refund_amount,
        coalesce(sum(net_amount), 0) as net_amount

    from {{ ref('customer_360') }}

),

orders as (

    select
        count(*) filter (where customer_key is null) as order_count_of_nobody,
        coalesce(sum(sales_amount) filter (where customer_key is null), 0)
            as sales_amount_of_nobody,
        coalesce(sum(refund_amount) filter (where customer_key is null), 0)
            as refund_amount_of_nobody,
        coalesce(sum(net_amount) filter (where customer_key is null), 0)
            as net_amount_of_nobody,
        count(*) as order_count,
        coalesce(sum(sales_amount), 0) as sales_amount,
        coalesce(sum(refund_amount), 0) as refund_amount,
        coalesce(sum(net_amount), 0) as net_amount

    from {{ ref('orders') }}

    where is_counted

)

select
    orders.*,
    customers.order_count as customer_order_count,
    customers.sales_amount as customer_sales_amount,
    customers.refund_amount as customer_refund_amount,
    customers.net_amount as customer_net_amount
from orders
cross join customers

where
    orders.order_count != customers.order_count + orders.order_count_of_nobody
    or orders.sales_amount != customers.sales_amount + orders.sales_amount_of_nobody
    or orders.refund_amount != customers.refund_amount + orders.refund_amount_of_nobody
    or orders.net_amount != customers.net_amount + orders.net_amount_of_nobody
