{{ config(materialized='table') }}

with

order_lines as (

    select * from {{ ref('order_lines') }}

),

products as (

    select * from {{ ref('int_product_categories_numbered') }}

),

variants as (

    select * from {{ ref('int_product_variants_priced') }}

),

categories as (

    select
        category_number,
        max(product_type) as product_type,
        max(vendor) as vendor

    from products

    group by category_number

),

options as (

    select
        option_number,
        max(size) as size,
        max(colour) as colour

    from variants

    where option_number is not null

    group by option_number

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

-- One pass over the lines for every preference.
bought as (

    select
        orders.first_order_key,
        products.category_number,
        variants.option_number,
        sum(order_lines.quantity) as item_quantity

    from order_lines
    inner join orders on order_lines.order_key = orders.order_key
    left join products on order_lines.product_key = products.product_key
    left join variants on order_lines.variant_key = variants.variant_key

    where order_lines.is_counted

    group by orders.first_order_key, products.category_number, variants.option_number

),

named as (

    select
        bought.first_order_key,
        categories.product_type,
        categories.vendor,
        options.size,
        options.colour,
        bought.item_quantity

    from bought
    left join categories on bought.category_number = categories.category_number
    left join options on bought.option_number = options.option_number

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

preferred_product_types as (

    select
        first_order_key,
        {{ most_frequent('product_type', 'item_quantity') }} as preferred_product_type,
        count(*) as product_type_count

    from product_types

    group by first_order_key

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

preferred_vendors as (

    select
        first_order_key,
        {{ most_frequent('vendor', 'item_quantity') }} as preferred_vendor

    from vendors

    group by first_order_key

),

sizes as (

    select
        first_order_key,
        size,
        sum(item_quantity) as item_quantity

    from named

    where size is not null

    group by first_order_key, size

),

preferred_sizes as (

    select
        first_order_key,
        {{ most_frequent('size', 'item_quantity') }} as preferred_size,
        max(item_quantity) as preferred_quantity,
        sum(item_quantity) as told_quantity

    from sizes

    group by first_order_key

),

colours as (

    select
        first_order_key,
        colour,
        sum(item_quantity) as item_quantity

    from named

    where colour is not null

    group by first_order_key, colour

),

preferred_colours as (

    select
        first_order_key,
        {{ most_frequent('colour', 'item_quantity') }} as preferred_colour,
        max(item_quantity) as preferred_quantity,
        sum(item_quantity) as told_quantity

    from colours

    group by first_order_key

),

rebought_products as (

    select
        first_order_key,
        cast({{ most_frequent(
            'cast(product_key as ' ~ dbt.type_string() ~ ')', 'line_count'
        ) }} as bigint) as preferred_product_key,
        count(*) as rebought_product_count

    from {{ ref('int_customer_products_counted') }}

    where has_bought_again

    group by first_order_key

),

joined as (

    select
        first_orders.customer_key,
        rebought_products.preferred_product_key,
        coalesce(rebought_products.rebought_product_count, 0) as rebought_product_count,
        preferred_product_types.preferred_product_type,
        coalesce(preferred_product_types.product_type_count, 0) as product_type_count,
        preferred_vendors.preferred_vendor,
        preferred_sizes.preferred_size,
        cast(coalesce(preferred_sizes.preferred_quantity, 0) as bigint) as preferred_size_quantity,
        {{ capped_rate('preferred_sizes.preferred_quantity', 'preferred_sizes.told_quantity') }}
            as preferred_size_share,
        preferred_colours.preferred_colour,
        cast(coalesce(preferred_colours.preferred_quantity, 0) as bigint)
            as preferred_colour_quantity,
        {{ capped_rate(
            'preferred_colours.preferred_quantity', 'preferred_colours.told_quantity'
        ) }} as preferred_colour_share

    from first_orders
    left join rebought_products
        on first_orders.order_key = rebought_products.first_order_key
    left join preferred_product_types
        on first_orders.order_key = preferred_product_types.first_order_key
    left join preferred_vendors
        on first_orders.order_key = preferred_vendors.first_order_key
    left join preferred_sizes
        on first_orders.order_key = preferred_sizes.first_order_key
    left join preferred_colours
        on first_orders.order_key = preferred_colours.first_order_key

)

select * from joined
