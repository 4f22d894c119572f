-- A table, since five models and the tests read it and every evaluation would join allocations and taxes again.
{{ config(materialized='table') }}

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

products as (

    select * from {{ ref('int_products_unioned') }}

),

joined as (

    select
        order_lines.order_line_key,
        order_lines.order_line_id,
        order_lines.order_key,
        order_lines.source_name,
        order_lines.platform,
        orders.customer_key,
        orders.order_date,
        orders.is_counted,
        orders.exchange_rate,
        orders.is_tax_included,
        order_lines.product_key,
        order_lines.variant_id,
        order_lines.sku,
        order_lines.title,
        order_lines.variant_title,
        coalesce(order_lines.vendor, products.vendor) as vendor,
        products.product_type,
        coalesce(order_lines.is_gift_card, false) as is_gift_card,
        order_lines.quantity,
        order_lines.gross_amount,
        coalesce(order_lines.discount_amount, 0) as discount_amount,
        coalesce(order_lines.tax_amount, allocated_taxes.tax_amount, 0) as tax_amount

    from order_lines
    inner join orders
        on order_lines.order_key = orders.order_key
    left join allocated_taxes
        on order_lines.order_line_key = allocated_taxes.order_line_key
    left join products
        on order_lines.product_key = products.product_key

),

-- Included tax leaves price and discount in the proportion in which they make up what was paid.
untaxed as (

    select
        *,
        gross_amount - discount_amount
        - case when is_tax_included then tax_amount else 0 end as untaxed_sales_amount,
        case
            when is_tax_included and tax_amount != 0
                then cast(
                    cast(gross_amount as double)
                    * (
                        1e0 - cast(tax_amount as double)
                        / nullif(cast(gross_amount - discount_amount as double), 0e0)
                    ) as decimal(18, 4)
                )
            else gross_amount
        end as untaxed_gross_amount

    from joined

),

priced as (

    select
        order_line_key,
        order_line_id,
        order_key,
        source_name,
        platform,
        customer_key,
        order_date,
        is_counted,
        product_key,
        variant_id,
        sku,
        title,
        variant_title,
        vendor,
        product_type,
        is_gift_card,
        quantity,
        {{ in_reporting_currency('untaxed_gross_amount') }} as gross_amount,
        {{ in_reporting_currency('untaxed_sales_amount') }} as sales_amount,
        {{ in_reporting_currency('tax_amount') }} as tax_amount

    from untaxed

)

select
    *,
    gross_amount - sales_amount as discount_amount
from priced
