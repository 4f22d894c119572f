{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

products as (

    select * from {{ ref('int_products_unioned') }}

),

bought as (

    select
        order_lines.customer_key,
        products.product_type,
        coalesce(order_lines.vendor, products.vendor) as vendor,
        sum(order_lines.quantity) as item_quantity

    from order_lines
    left join products
        on order_lines.product_key = products.product_key

    where
        order_lines.is_counted
        and order_lines.customer_key is not null

    group by
        order_lines.customer_key,
        products.product_type,
        coalesce(order_lines.vendor, products.vendor)

),

product_types as (

    select
        customer_key,
        product_type,
        sum(item_quantity) as item_quantity

    from bought

    where product_type is not null

    group by customer_key, product_type

),

vendors as (

    select
        customer_key,
        vendor,
        sum(item_quantity) as item_quantity

    from bought

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
