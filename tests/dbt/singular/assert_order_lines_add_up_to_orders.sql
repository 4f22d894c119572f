-- Fails when order_lines and orders differ in lines, units or any amount: a join lost or doubled
-- something.
{{ config(meta={'dagster': {'ref': {'name': 'order_lines'}}}) }}

with

order_lines as (

    select
        count(*) as line_count,
        sum(quantity) filter (where not is_gift_card) as item_quantity,
        sum(gross_amount) filter (where not is_gift_card) as gross_amount,
        sum(discount_amount) filter (where not is_gift_card) as discount_amount,
        sum(sales_amount) filter (where is_gift_card) as gift_card_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount

    from {{ ref('order_lines') }}

),

orders as (

    select
        sum(line_count) as line_count,
        sum(item_quantity) as item_quantity,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(gift_card_amount) as gift_card_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount

    from {{ ref('orders') }}

)

select
    order_lines.*,
    orders.line_count as expected_line_count,
    orders.item_quantity as expected_item_quantity,
    orders.gross_amount as expected_gross_amount,
    orders.discount_amount as expected_discount_amount,
    orders.gift_card_amount as expected_gift_card_amount,
    orders.refund_amount as expected_refund_amount,
    orders.net_amount as expected_net_amount
from order_lines
cross join orders

where
    order_lines.line_count != orders.line_count
    or coalesce(order_lines.item_quantity, 0) != coalesce(orders.item_quantity, 0)
    or coalesce(order_lines.gross_amount, 0) != coalesce(orders.gross_amount, 0)
    or coalesce(order_lines.discount_amount, 0) != coalesce(orders.discount_amount, 0)
    or coalesce(order_lines.gift_card_amount, 0) != coalesce(orders.gift_card_amount, 0)
    or coalesce(order_lines.refund_amount, 0) != coalesce(orders.refund_amount, 0)
    or coalesce(order_lines.net_amount, 0) != coalesce(orders.net_amount, 0)
