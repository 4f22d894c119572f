-- Only orders whose prices include a tax that no tax line tells apart; at most shops there is none.
{{ config(materialized='table') }}

with

order_lines as (

    select
        order_line_key,
        order_key,
        case when is_gift_card then 0 else gross_amount - discount_amount end as line_amount,
        tax_amount,
        is_gift_card

    from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select
        order_key,
        tax_amount as order_tax_amount,
        coalesce(shipping_amount, 0) as shipping_amount

    from {{ ref('int_orders_resolved') }}

    where
        is_tax_included
        and tax_amount > 0

),

cumulated as (

    select
        order_lines.order_line_key,
        order_lines.order_key,
        order_lines.line_amount,
        order_lines.is_gift_card,
        orders.order_tax_amount,
        orders.shipping_amount,
        count(order_lines.tax_amount) over (partition by order_lines.order_key)
            as taxed_line_count,
        sum(order_lines.line_amount) over (partition by order_lines.order_key)
            as lines_amount,
        sum(order_lines.line_amount) over (
            partition by order_lines.order_key
            order by order_lines.order_line_key
            rows between unbounded preceding and current row
        ) as amount_to_here

    from order_lines
    inner join orders
        on order_lines.order_key = orders.order_key

),

-- Shipping bears its part of the tax.
shared as (

    select
        order_line_key,
        {{ tax_share('amount_to_here') }} as tax_to_here,
        {{ tax_share('amount_to_here - line_amount') }} as tax_before

    from cumulated

    where
        taxed_line_count = 0
        and not is_gift_card

),

-- The difference of two rounded running totals: the lines of an order add up to the cent.
allocated as (

    select
        order_line_key,
        tax_to_here - tax_before as tax_amount

    from shared

)

select * from allocated
