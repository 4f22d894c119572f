{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

-- A number for each pair of type and brand: 30 M lines are grouped by it and not by two texts.
categories as (

    select
        product_key,
        product_type,
        vendor,
        dense_rank() over (
            order by product_type asc nulls first, vendor asc nulls first
        ) as category_number

    from {{ ref('int_products_unioned') }}

),

category_names as (

    select
        category_number,
        max(product_type) as product_type,
        max(vendor) as vendor

    from categories

    group by category_number

),

-- Uncounted lines add nothing rather than being filtered: told to expect few lines, DuckDB joins the
-- wrong way round.
bought as (

    select
        order_lines.customer_key,
        categories.category_number,
        sum(case when order_lines.is_counted then order_lines.quantity else 0 end) as item_quantity

    from order_lines
    inner join categories
        on order_lines.product_key = categories.product_key

    where order_lines.customer_key is not null

    group by order_lines.customer_key, categories.category_number

),

named as (

    select
        bought.customer_key,
        category_names.product_type,
        category_names.vendor,
        bought.item_quantity

    from bought
    inner join category_names
        on bought.category_number = category_names.category_number

    where bought.item_quantity > 0

),

product_types as (

    select
        customer_key,
        product_type,
        sum(item_quantity) as item_quantity

    from named

    where product_type is not null

    group by customer_key, product_type

),

vendors as (

    select
        customer_key,
        vendor,
        sum(item_quantity) as item_quantity

    from named

    where vendor is not null

    group by customer_key, vendor

),

preferred_product_types as (

    select
        customer_key,
        {{ most_frequent('product_type', 'item_quantity') }} as preferred_product_type,
        count(*) as product_type_count

    from product_types

    group by customer_key

),

preferred_vendors as (

    select
        customer_key,
        {{ most_frequent('vendor', 'item_quantity') }} as preferred_vendor

    from vendors

    group by customer_key

),

joined as (

    select
        coalesce(preferred_product_types.customer_key, preferred_vendors.customer_key)
            as customer_key,
        preferred_product_types.preferred_product_type,
        coalesce(preferred_product_types.product_type_count, 0) as product_type_count,
        preferred_vendors.preferred_vendor

    from preferred_product_types
    full outer join preferred_vendors
        on preferred_product_types.customer_key = preferred_vendors.customer_key

)

select * from joined
