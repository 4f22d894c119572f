with

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

resolved as (

    select * from {{ ref('int_orders_resolved') }}

),

outcomes as (

    select * from {{ ref('int_order_outcomes_summarized') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

),

lines_summarized as (

    select
        order_key,
        count(*) as line_count,
        sum(quantity) filter (where not is_gift_card) as item_quantity,
        sum(gross_amount) filter (where not is_gift_card) as gross_amount,
        sum(sales_amount) filter (where not is_gift_card) as sales_amount,
        sum(sales_amount) filter (where is_gift_card) as gift_card_amount,
        sum(net_amount) filter (where cost_amount is not null) as costed_net_amount,
        sum(cost_amount) as cost_amount

    from order_lines

    group by order_key

),

joined as (

    select
        orders.order_key,
        orders.order_id,
        orders.source_name,
        orders.platform,
        resolved.customer_key,
        orders.ordered_at,
        resolved.order_date,
        resolved.order_sequence_number,
        coalesce(resolved.order_sequence_number = 1, false) as is_first_order,
        resolved.days_since_previous_order,
        orders.cancelled_at,
        orders.cancel_reason,
        orders.cancelled_at is not null as is_cancelled,
        coalesce(orders.is_test, false) as is_test,
        coalesce(orders.is_voided, false) as is_voided,
        coalesce(orders.is_draft, false) as is_draft,
        resolved.is_counted,
        resolved.exclusion_reason,
        resolved.currency_code,
        resolved.exchange_rate,
        coalesce(lines_summarized.line_count, 0) as line_count,
        coalesce(lines_summarized.item_quantity, 0) as item_quantity,
        coalesce(lines_summarized.gross_amount, 0) as gross_amount,
        coalesce(lines_summarized.sales_amount, 0) as sales_amount,
        coalesce(outcomes.refund_amount, 0) as refund_amount,
        coalesce(lines_summarized.gift_card_amount, 0) as gift_card_amount,
        coalesce(lines_summarized.costed_net_amount, 0) as costed_net_amount,
        lines_summarized.cost_amount,
        orders.tax_amount,
        orders.shipping_amount,
        orders.tip_amount,
        orders.total_amount,
        -- Some shops record one payment as `sale` and again as `capture`.
        case
            when outcomes.paid_amount is not null
                then least(outcomes.paid_amount, orders.total_amount)
        end as paid_amount,
        orders.financial_status,
        orders.fulfillment_status,
        outcomes.fulfilled_at,
        orders.delivery_method,
        outcomes.payment_method,
        orders.sales_channel,
        orders.customer_locale,
        orders.country_code,
        orders.loaded_at

    from orders
    inner join resolved
        on orders.order_key = resolved.order_key
    left join lines_summarized
        on orders.order_key = lines_summarized.order_key
    left join outcomes
        on orders.order_key = outcomes.order_key

),

final as (

    select
        order_key,
        order_id,
        source_name,
        platform,
        customer_key,
        ordered_at,
        order_date,
        order_sequence_number,
        is_first_order,
        days_since_previous_order,
        cancelled_at,
        cancel_reason,
        is_cancelled,
        is_test,
        is_voided,
        is_draft,
        is_counted,
        exclusion_reason,
        is_counted and sales_amount > 0 as is_purchase,
        currency_code,
        exchange_rate,
        cast(line_count as bigint) as line_count,
        cast(item_quantity as bigint) as item_quantity,
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(gross_amount - sales_amount as decimal(18, 4)) as discount_amount,
        cast(sales_amount as decimal(18, 4)) as sales_amount,
        cast(refund_amount as decimal(18, 4)) as refund_amount,
        -- Only what counts, so that its plain sum is net revenue.
        cast(
            case when is_counted then sales_amount - refund_amount else 0 end
            as decimal(18, 4)
        ) as net_amount,
        cast(costed_net_amount as decimal(18, 4)) as costed_net_amount,
        cast(costed_net_amount - cost_amount as decimal(18, 4)) as margin_amount,
        {{ in_reporting_currency('tax_amount') }} as tax_amount,
        {{ in_reporting_currency('shipping_amount') }} as shipping_amount,
        {{ in_reporting_currency('tip_amount') }} as tip_amount,
        cast(gift_card_amount as decimal(18, 4)) as gift_card_amount,
        {{ in_reporting_currency('total_amount') }} as total_amount,
        {{ in_reporting_currency('paid_amount') }} as paid_amount,
        financial_status,
        fulfillment_status,
        fulfilled_at,
        delivery_method,
        payment_method,
        sales_channel,
        customer_locale,
        country_code,
        loaded_at

    from joined

)

select * from final
