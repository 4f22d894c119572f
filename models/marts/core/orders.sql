with

orders as (

    select * from {{ ref('int_orders_resolved') }}

),

order_lines as (

    select * from {{ ref('int_order_lines_priced') }}

),

refunds as (

    select * from {{ ref('refunds') }}

),

transactions as (

    select * from {{ ref('int_transactions_unioned') }}

),

fulfillments as (

    select * from {{ ref('int_fulfillments_unioned') }}

),

lines_summarized as (

    select
        order_key,
        count(*) as line_count,
        sum(quantity) filter (where not is_gift_card) as item_quantity,
        sum(gross_amount) filter (where not is_gift_card) as gross_amount,
        sum(sales_amount) filter (where not is_gift_card) as sales_amount,
        sum(sales_amount) filter (where is_gift_card) as gift_card_amount

    from order_lines

    group by order_key

),

refunds_summarized as (

    select
        order_key,
        sum(refund_amount) as refund_amount

    from refunds

    where is_counted

    group by order_key

),

-- `authorization` reserves money, `sale` and `capture` take it. The gift card pays only what nothing else did,
-- so it names the method only when it is alone.
payments_summarized as (

    select
        order_key,
        sum(amount) as paid_amount,
        coalesce(
            min(gateway) filter (where gateway != 'gift_card'),
            min(gateway)
        ) as payment_method

    from transactions

    where
        transaction_type in ('sale', 'capture')
        and status = 'success'
        and not coalesce(is_test, false)

    group by order_key

),

fulfillments_summarized as (

    select
        order_key,
        min(fulfilled_at) as fulfilled_at

    from fulfillments

    where status not in ('cancelled', 'error', 'failure')

    group by order_key

),

joined as (

    select
        orders.*,
        coalesce(lines_summarized.line_count, 0) as line_count,
        coalesce(lines_summarized.item_quantity, 0) as item_quantity,
        coalesce(lines_summarized.gross_amount, 0) as gross_amount,
        coalesce(lines_summarized.sales_amount, 0) as sales_amount,
        coalesce(lines_summarized.gift_card_amount, 0) as gift_card_amount,
        coalesce(refunds_summarized.refund_amount, 0) as refund_amount,
        -- Some shops record one payment as `sale` and again as `capture`.
        least(payments_summarized.paid_amount, orders.total_amount) as paid_amount,
        payments_summarized.payment_method,
        fulfillments_summarized.fulfilled_at

    from orders
    left join lines_summarized
        on orders.order_key = lines_summarized.order_key
    left join refunds_summarized
        on orders.order_key = refunds_summarized.order_key
    left join payments_summarized
        on orders.order_key = payments_summarized.order_key
    left join fulfillments_summarized
        on orders.order_key = fulfillments_summarized.order_key

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_key, is_counted
            order by ordered_at, order_key
        ) as order_number,
        lag(order_date) over (
            partition by customer_key, is_counted
            order by ordered_at, order_key
        ) as previous_order_date

    from joined

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
        case
            when is_counted and customer_key is not null then order_number
        end as order_sequence_number,
        is_counted and customer_key is not null and order_number = 1 as is_first_order,
        case
            when is_counted and customer_key is not null
                then {{ dbt.datediff('previous_order_date', 'order_date', 'day') }}
        end as days_since_previous_order,
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
        line_count,
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
        cast({{ in_reporting_currency('tax_amount') }} as decimal(18, 4)) as tax_amount,
        cast({{ in_reporting_currency('shipping_amount') }} as decimal(18, 4))
            as shipping_amount,
        cast({{ in_reporting_currency('tip_amount') }} as decimal(18, 4)) as tip_amount,
        cast(gift_card_amount as decimal(18, 4)) as gift_card_amount,
        cast({{ in_reporting_currency('total_amount') }} as decimal(18, 4))
            as total_amount,
        cast({{ in_reporting_currency('paid_amount') }} as decimal(18, 4)) as paid_amount,
        financial_status,
        fulfillment_status,
        fulfilled_at,
        delivery_method,
        payment_method,
        sales_channel,
        country_code,
        loaded_at

    from numbered

)

select * from final
