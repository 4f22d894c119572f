{{ config(materialized='table') }}

with

orders as (

    select * from {{ ref('int_orders_resolved') }}

    where is_counted

),

order_lines as (

    select * from {{ ref('order_lines') }}

    where
        is_counted
        and product_key is not null

),

days as (

    select
        order_date,
        count(*) as order_count

    from orders

    group by 1

),

days_counted as (

    select
        order_date,
        sum(order_count) over (
            order by order_date desc
            rows between unbounded preceding and current row
        ) - order_count as newer_order_count

    from days

),

period as (

    select min(order_date) as first_date

    from days_counted

    where newer_order_count < {{ var('affinity_max_orders') }}

),

bought as (

    select
        orders.order_key,
        orders.first_order_key,
        orders.order_sequence_number,
        orders.order_date,
        order_lines.product_key

    from order_lines
    inner join orders on order_lines.order_key = orders.order_key
    inner join period on orders.order_date >= period.first_date

    group by 1, 2, 3, 4, 5

),

sized as (

    select
        *,
        count(*) over (partition by order_key) as product_count

    from bought

)

select
    order_key,
    first_order_key,
    order_sequence_number,
    order_date,
    product_key
from sized

where product_count <= {{ var('affinity_max_order_products') }}
