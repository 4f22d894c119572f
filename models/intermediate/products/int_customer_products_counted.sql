{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('int_order_line_amounts') }}

    where
        is_counted
        and product_key is not null
        and first_order_key is not null

)

-- Two keys in a group tell that it was bought again, at a fraction of what counting orders costs.
select
    first_order_key,
    product_key,
    count(*) as line_count,
    min(order_key) != max(order_key) as has_bought_again

from order_lines

group by 1, 2
