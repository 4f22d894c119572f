with

refunds as (

    select * from {{ ref('int_refunds_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_resolved') }}

),

-- Few, and found without looking up every refunded line among all lines.
gift_card_lines as (

    select order_line_key
    from {{ ref('int_order_lines_unioned') }}
    where is_gift_card

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
        refunds.refund_type = 'line'
        and orders.is_counted
        and gift_card_lines.order_line_key is null as is_counted,
        refunds.refunded_at,
        {{ to_reporting_date('refunds.refunded_at') }} as refund_date,
        refunds.quantity,
        orders.currency_code,
        orders.exchange_rate,
        refunds.refund_amount
        - case
            when orders.is_tax_included then coalesce(refunds.tax_amount, 0)
            else 0
        end as untaxed_refund_amount,
        coalesce(refunds.tax_amount, 0) as reported_tax_amount

    from refunds
    inner join orders
        on refunds.order_key = orders.order_key
    left join gift_card_lines
        on refunds.order_line_key = gift_card_lines.order_line_key

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
        is_counted,
        refunded_at,
        refund_date,
        quantity,
        currency_code,
        exchange_rate,
        {{ in_reporting_currency('untaxed_refund_amount') }} as refund_amount,
        {{ in_reporting_currency('reported_tax_amount') }} as tax_amount

    from joined

)

select * from priced
