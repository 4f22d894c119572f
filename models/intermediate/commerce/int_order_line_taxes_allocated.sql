{{ config(materialized='table') }}

-- Only orders whose prices include a tax that no tax line tells apart; at most shops that is no order at all.
with

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

taxed as (

    select
        order_lines.order_line_key,
        order_lines.order_key,
        order_lines.gross_amount - order_lines.discount_amount as line_amount,
        orders.tax_amount as order_tax_amount,
        coalesce(orders.shipping_amount, 0) as shipping_amount

    from order_lines
    inner join orders
        on order_lines.order_key = orders.order_key

    where
        orders.is_tax_included
        and orders.tax_amount > 0
        and order_lines.tax_amount is null
        and not order_lines.is_gift_card

),

cumulated as (

    select
        *,
        sum(line_amount) over (partition by order_key) as lines_amount,
        sum(line_amount) over (
            partition by order_key
            order by order_line_key
            rows between unbounded preceding and current row
        ) as amount_to_here

    from taxed

),

-- Shipping bears its part of the tax.
shared as (

    select
        *,
        {{ tax_share('amount_to_here') }} as tax_to_here,
        {{ tax_share('amount_to_here - line_amount') }} as tax_before

    from cumulated

),

-- The difference of two rounded running totals: the lines of an order add up to the cent.
allocated as (

    select
        order_line_key,
        order_key,
        tax_to_here - tax_before as tax_amount

    from shared

)

select * from allocated
