{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('order_lines') }}

    where
        is_counted
        and product_key is not null

),

orders as (

    select
        order_key,
        first_order_key

    from {{ ref('int_orders_resolved') }}

    where first_order_key is not null

)

-- Two keys in a group tell that it was bought again, at a fraction of what counting orders costs.
select
    orders.first_order_key,
    order_lines.product_key,
    count(*) as line_count,
    min(order_lines.order_key) != max(order_lines.order_key) as has_bought_again

from order_lines
inner join orders on order_lines.order_key = orders.order_key

group by 1, 2
