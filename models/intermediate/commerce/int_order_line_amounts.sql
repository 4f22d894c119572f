-- Numbers only. As a table with its texts 30 M lines cost more to write than to price again.
{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

categories as (

    select * from {{ ref('int_product_categories_numbered') }}

),

joined as (

    select
        order_lines.order_key,
        order_lines.first_order_key,
        order_lines.product_key,
        categories.category_number,
        order_lines.is_counted,
        order_lines.is_gift_card,
        order_lines.quantity,
        order_lines.gross_amount,
        order_lines.sales_amount

    from order_lines
    left join categories
        on order_lines.product_key = categories.product_key

)

select * from joined
