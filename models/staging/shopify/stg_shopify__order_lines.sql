with

order_lines as (

    select
        *,
        {{ numeric_key('id') }} as order_line_key

    from {{ source('shopify', 'order_line') }}

),

allocations as (

    select * from {{ source('shopify', 'discount_allocation') }}

),

tax_lines as (

    select * from {{ source('shopify', 'tax_line') }}

),

allocations_aggregated as (

    select
        {{ numeric_key('order_line_id') }} as order_line_key,

        sum(amount) as discount_amount

    from allocations

    group by order_line_key

),

tax_including_sources as (

    select source_name
    from {{ source('shopify', 'order') }}
    where taxes_included
    group by source_name

),

-- Only a price that contains its tax needs the tax of its line: other shops are spared the join of
-- two tables as long as the order lines.
tax_lines_aggregated as (

    select
        {{ numeric_key('tax_lines.order_line_id', 'tax_lines.source_name') }} as order_line_key,

        sum(tax_lines.price) as tax_amount

    from tax_lines

    inner join tax_including_sources
        on tax_lines.source_name = tax_including_sources.source_name

    group by order_line_key

),

allocating_sources as (

    select source_name
    from {{ source('shopify', 'discount_allocation') }}
    group by source_name

),

joined as (

    select
        order_lines.source_name,
        'shopify' as platform,
        order_lines.order_line_key,
        {{ numeric_key('order_lines.order_id', 'order_lines.source_name') }} as order_key,
        cast(order_lines.id as {{ dbt.type_string() }}) as order_line_id,
        {{ numeric_key('order_lines.product_id', 'order_lines.source_name') }} as product_key,
        {{ numeric_key('order_lines.variant_id', 'order_lines.source_name') }} as variant_key,

        order_lines.sku,
        order_lines.title,
        order_lines.variant_title,
        order_lines.vendor,

        order_lines.quantity,
        cast(
            coalesce(order_lines.original_total, order_lines.price * order_lines.quantity)
            as decimal(18, 4)
        ) as gross_amount,
        -- `total_discount` knows only what was typed in on the line, so it counts only for a
        -- shop whose allocations were never loaded.
        cast(
            coalesce(
                allocations_aggregated.discount_amount,
                case
                    when allocating_sources.source_name is null then order_lines.total_discount
                end,
                0
            ) as decimal(18, 4)
        ) as discount_amount,
        cast(tax_lines_aggregated.tax_amount as decimal(18, 4)) as tax_amount,

        coalesce(order_lines.is_gift_card, false) as is_gift_card

    from order_lines

    left join allocations_aggregated
        on order_lines.order_line_key = allocations_aggregated.order_line_key

    left join tax_lines_aggregated
        on order_lines.order_line_key = tax_lines_aggregated.order_line_key

    left join allocating_sources
        on order_lines.source_name = allocating_sources.source_name

)

select * from joined
