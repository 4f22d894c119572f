{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('order_lines') }}

),

products as (

    select * from {{ ref('int_product_categories_numbered') }}

),

categories as (

    select
        category_number,
        max(product_type) as product_type,
        max(vendor) as vendor

    from products

    group by category_number

),

orders as (

    select
        order_key,
        first_order_key,
        customer_key,
        order_sequence_number

    from {{ ref('int_orders_resolved') }}

    where first_order_key is not null

),

first_orders as (

    select
        order_key,
        customer_key

    from orders

    where order_sequence_number = 1

),

bought as (

    select
        orders.first_order_key,
        products.category_number,
        sum(order_lines.quantity) as item_quantity

    from order_lines
    inner join orders on order_lines.order_key = orders.order_key
    inner join products on order_lines.product_key = products.product_key

    where order_lines.is_counted

    group by orders.first_order_key, products.category_number

),

named as (

    select
        bought.first_order_key,
        categories.product_type,
        categories.vendor,
        bought.item_quantity

    from bought
    inner join categories
        on bought.category_number = categories.category_number

),

product_types as (

    select
        first_order_key,
        product_type,
        sum(item_quantity) as item_quantity

    from named

    where product_type is not null

    group by first_order_key, product_type

),

vendors as (

    select
        first_order_key,
        vendor,
        sum(item_quantity) as item_quantity

    from named

    where vendor is not null

    group by first_order_key, vendor

),

preferred_product_types as (

    select
        first_order_key,
        {{ most_frequent('product_type', 'item_quantity') }} as preferred_product_type,
        count(*) as product_type_count

    from product_types

    group by first_order_key

),

preferred_vendors as (

    select
        first_order_key,
        {{ most_frequent('vendor', 'item_quantity') }} as preferred_vendor

    from vendors

    group by first_order_key

),

joined as (

    select
        first_orders.customer_key,
        preferred_product_types.preferred_product_type,
        coalesce(preferred_product_types.product_type_count, 0) as product_type_count,
        preferred_vendors.preferred_vendor

    from first_orders
    left join preferred_product_types
        on first_orders.order_key = preferred_product_types.first_order_key
    left join preferred_vendors
        on first_orders.order_key = preferred_vendors.first_order_key

)

select * from joined
