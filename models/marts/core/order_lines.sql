with

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

refunds as (

    select * from {{ ref('refunds') }}

),

refunds_summarized as (

    select
        order_line_key,
        sum(quantity) as refunded_quantity,
        sum(refund_amount) as refund_amount

    from refunds

    where is_counted

    group by order_line_key

),

joined as (

    select
        order_lines.order_line_key,
        order_lines.order_key,
        order_lines.order_date,
        order_lines.is_counted,
        order_lines.is_gift_card,
        order_lines.product_key,
        order_lines.variant_key,
        order_lines.title,
        order_lines.variant_title,
        order_lines.sku,
        order_lines.quantity,
        order_lines.gross_amount,
        order_lines.discount_amount,
        order_lines.sales_amount,
        order_lines.unit_cost_amount,
        cast(coalesce(refunds_summarized.refunded_quantity, 0) as bigint)
            as refunded_quantity,
        cast(coalesce(refunds_summarized.refund_amount, 0) as decimal(18, 4))
            as refund_amount

    from order_lines
    left join refunds_summarized
        on order_lines.order_line_key = refunds_summarized.order_line_key

),

final as (

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
        discount_amount,
        sales_amount,
        refunded_quantity,
        refund_amount,
        cast(
            case when is_counted then sales_amount - refund_amount else 0 end
            as decimal(18, 4)
        ) as net_amount,
        -- What came back is in stock again.
        cast(
            case
                when is_counted
                    then unit_cost_amount * greatest(quantity - refunded_quantity, 0)
            end
            as decimal(18, 4)
        ) as cost_amount

    from joined

)

select * from final
