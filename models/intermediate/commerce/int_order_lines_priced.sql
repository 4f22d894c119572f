-- A view with one reader: order_lines.
with

order_lines as (

    select * from {{ ref('int_order_lines_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_resolved') }}

),

allocated_taxes as (

    select * from {{ ref('int_order_line_taxes_allocated') }}

),

variants as (

    select * from {{ ref('int_product_variants_priced') }}

),

joined as (

    select
        order_lines.order_line_key,
        order_lines.order_key,
        orders.order_date,
        orders.is_counted and not order_lines.is_gift_card as is_counted,
        order_lines.is_gift_card,
        order_lines.product_key,
        order_lines.variant_key,
        order_lines.title,
        order_lines.variant_title,
        order_lines.sku,
        order_lines.quantity,
        order_lines.gross_amount as reported_gross_amount,
        order_lines.gross_amount - order_lines.discount_amount as reported_sales_amount,
        case
            when orders.is_tax_included
                then coalesce(order_lines.tax_amount, allocated_taxes.tax_amount, 0)
            else 0
        end as included_tax_amount,
        orders.exchange_rate,
        variants.unit_cost_amount

    from order_lines
    inner join orders
        on order_lines.order_key = orders.order_key
    left join allocated_taxes
        on order_lines.order_line_key = allocated_taxes.order_line_key
    left join variants
        on order_lines.variant_key = variants.variant_key

),

-- Included tax leaves price and discount in the proportion in which they make up what was paid.
untaxed as (

    select
        *,
        reported_sales_amount - included_tax_amount as untaxed_sales_amount,
        case
            when included_tax_amount = 0 then reported_gross_amount
            else cast(round(
                cast(reported_gross_amount as double)
                * cast(reported_sales_amount - included_tax_amount as double)
                / nullif(cast(reported_sales_amount as double), 0e0), 4
            ) as decimal(18, 4))
        end as untaxed_gross_amount

    from joined

),

converted as (

    select
        *,
        {{ in_reporting_currency('untaxed_gross_amount') }} as gross_amount,
        {{ in_reporting_currency('untaxed_sales_amount') }} as sales_amount

    from untaxed

),

priced as (

    select
        order_line_key,
        order_key,
        order_date,
        is_counted,
        is_gift_card,
        product_key,
        variant_key,
        title,
        variant_title,
        sku,
        quantity,
        gross_amount,
        cast(gross_amount - sales_amount as decimal(18, 4)) as discount_amount,
        sales_amount,
        unit_cost_amount

    from converted

)

select * from priced
