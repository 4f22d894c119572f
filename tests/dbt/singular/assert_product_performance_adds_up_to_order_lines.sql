-- Fails when products lose or double sales, pieces or refunds of their lines.
{{ config(meta={'dagster': {'ref': {'name': 'product_performance'}}}) }}

with

told as (

    select
        coalesce(sum(item_quantity), 0) as item_quantity,
        coalesce(sum(net_amount), 0) as net_amount

    from {{ ref('product_performance') }}

),

expected as (

    select
        coalesce(sum(quantity), 0) as item_quantity,
        coalesce(sum(net_amount), 0) as net_amount

    from {{ ref('order_lines') }}

    where
        is_counted
        and product_key is not null

)

select *
from told
cross join expected

where
    told.item_quantity != expected.item_quantity
    or told.net_amount != expected.net_amount
