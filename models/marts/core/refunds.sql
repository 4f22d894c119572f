with

refunds as (

    select * from {{ ref('int_refunds_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_resolved') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

joined as (

    select
        refunds.refund_line_key,
        refunds.refund_key,
        refunds.order_key,
        refunds.order_line_key,
        refunds.source_name,
        refunds.platform,
        orders.customer_key,
        refunds.refund_type,
        refunds.refunded_at,
        {{ to_reporting_date('refunds.refunded_at') }} as refund_date,
        refunds.quantity,
        orders.currency_code,
        orders.exchange_rate,
        orders.is_tax_included,
        refunds.refund_amount as reported_amount,
        refunds.tax_amount as reported_tax_amount,
        order_lines.sales_amount as line_sales_amount,
        order_lines.tax_amount as line_tax_amount,
        orders.is_counted as is_order_counted,
        order_lines.is_gift_card

    from refunds
    inner join orders
        on refunds.order_key = orders.order_key
    left join order_lines
        on refunds.order_line_key = order_lines.order_line_key

),

-- A refund without a tax of its own gives back the line's tax in proportion.
taxed as (

    select
        *,
        coalesce(
            reported_tax_amount,
            case
                when refund_type = 'line' and is_tax_included
                    then cast(round(
                        cast(reported_amount as double) * cast(line_tax_amount as double)
                        / nullif(cast(line_sales_amount + line_tax_amount as double), 0e0), 2
                    ) as decimal(18, 4))
            end,
            0
        ) as tax_amount

    from joined

),

untaxed as (

    select
        *,
        reported_amount
        - case when is_tax_included then tax_amount else 0 end as refund_amount

    from taxed

),

priced as (

    select
        refund_line_key,
        refund_key,
        order_key,
        order_line_key,
        source_name,
        platform,
        customer_key,
        refund_type,
        coalesce(
            refund_type = 'line' and is_order_counted and not is_gift_card, false
        ) as is_counted,
        refunded_at,
        refund_date,
        quantity,
        currency_code,
        exchange_rate,
        cast({{ in_reporting_currency('refund_amount') }} as decimal(18, 4)) as refund_amount,
        cast({{ in_reporting_currency('tax_amount') }} as decimal(18, 4)) as tax_amount

    from untaxed

)

select * from priced
