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
{% set attributes = ['product_type', 'vendor', 'size', 'colour'] %}
{%- for attribute in attributes %}
{{ attribute }}_counts as (

    select
        first_order_key,
        {{ attribute }},
        sum(item_quantity) as item_quantity

    from named

    where {{ attribute }} is not null

    group by first_order_key, {{ attribute }}

),

preferred_{{ attribute }}s as (

    select
        first_order_key,
        {{ most_frequent(attribute, 'item_quantity') }} as preferred_{{ attribute }},
        count(*) as {{ attribute }}_count,
        max(item_quantity) as preferred_quantity,
        sum(item_quantity) as told_quantity

    from {{ attribute }}_counts

    group by first_order_key

),
{% endfor %}
joined as (

    select
        first_orders.customer_key,
        preferred_product_types.preferred_product_type,
        coalesce(preferred_product_types.product_type_count, 0) as product_type_count,
        preferred_vendors.preferred_vendor,
        preferred_sizes.preferred_size,
        {{ capped_rate('preferred_sizes.preferred_quantity', 'preferred_sizes.told_quantity') }}
            as preferred_size_share,
        preferred_colours.preferred_colour,
        {{ capped_rate(
            'preferred_colours.preferred_quantity', 'preferred_colours.told_quantity'
        ) }} as preferred_colour_share

    from first_orders
    {%- for attribute in attributes %}
    left join preferred_{{ attribute }}s
        on first_orders.order_key = preferred_{{ attribute }}s.first_order_key
    {%- endfor %}

)

select * from joined
