{{ config(materialized='table') }}

with

orders as (

    select * from {{ ref('orders') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- Few days have a second order, so purchase days are purchases less the repeats on those: counting
-- distinct days of all customers costs as much as everything else here.
same_day_orders as (

    select
        customer_key,
        order_date

    from {{ ref('orders') }}

    where days_since_previous_order = 0

    group by customer_key, order_date

),

purchases as (

    select
        customer_key,
        order_date

    from {{ ref('orders') }}

    where is_purchase

),

same_day_purchases as (

    select
        purchases.customer_key,
        purchases.order_date,
        count(*) - 1 as repeat_count

    from purchases
    inner join same_day_orders
        on
            purchases.customer_key = same_day_orders.customer_key
            and purchases.order_date = same_day_orders.order_date

    group by purchases.customer_key, purchases.order_date

),

repeats_summarized as (

    select
        customer_key,
        sum(repeat_count) as repeat_count

    from same_day_purchases

    group by customer_key

),

-- Cancelled orders are counted and nothing else about them is.
summarized as (

    select
        customer_key,

        min(ordered_at) filter (where is_counted) as first_ordered_at,
        max(ordered_at) filter (where is_counted) as last_ordered_at,
        min(order_date) filter (where is_counted) as first_order_date,
        max(order_date) filter (where is_counted) as last_order_date,
        min(order_date) filter (where is_purchase) as first_purchase_date,
        max(order_date) filter (where is_purchase) as last_purchase_date,

        count(*) filter (where is_counted) as order_count,
        count(*) filter (where is_purchase) as purchase_count,
        count(*) filter (where is_counted and refund_amount > 0) as refunded_order_count,
        count(*) filter (where exclusion_reason = 'cancelled') as cancelled_order_count,
        count(*) filter (where is_counted and sales_amount = 0) as zero_value_order_count,
        count(*) filter (where is_counted and discount_amount > 0) as discounted_order_count,

        sum(gross_amount) filter (where is_counted) as gross_amount,
        sum(discount_amount) filter (where is_counted) as discount_amount,
        sum(sales_amount) filter (where is_counted) as sales_amount,
        sum(refund_amount) filter (where is_counted) as refund_amount,
        sum(net_amount) as net_amount,
        sum(net_amount) filter (
            where {{ days_between('order_date', 'as_of_date') }} < 365
        ) as annual_net_amount,
        sum(costed_net_amount) as costed_net_amount,
        sum(margin_amount) as margin_amount,
        sum(tax_amount) filter (where is_counted) as tax_amount,
        sum(shipping_amount) filter (where is_counted) as shipping_amount,
        sum(item_quantity) filter (where is_counted) as item_quantity,

        max(order_key) filter (where order_sequence_number = 1) as first_order_key,
        max(sales_channel) filter (where order_sequence_number = 1) as first_sales_channel,
        max_by(order_key, order_sequence_number) as last_order_key,
        max_by(sales_channel, order_sequence_number) as last_sales_channel,
        max_by(customer_locale, order_sequence_number) filter (
            where customer_locale is not null
        ) as last_customer_locale,
        max_by(source_name, order_sequence_number) filter (
            where customer_locale is not null
        ) as last_locale_source_name,

        -- Days between consecutive counted orders on different days.
        count(*) filter (where days_since_previous_order > 0) as interval_count,
        sum(days_since_previous_order) as interval_days,
        sum(days_since_previous_order * days_since_previous_order) as squared_interval_days

    from orders
    cross join run_context

    where customer_key is not null

    group by customer_key

),

joined as (

    select
        summarized.*,
        summarized.purchase_count - coalesce(repeats_summarized.repeat_count, 0)
            as purchase_day_count

    from summarized
    left join repeats_summarized
        on summarized.customer_key = repeats_summarized.customer_key

),

final as (

    select
        customer_key,
        first_ordered_at,
        last_ordered_at,
        first_order_date,
        last_order_date,
        first_purchase_date,
        last_purchase_date,
        order_count,
        cast(purchase_day_count as bigint) as purchase_day_count,
        refunded_order_count,
        cancelled_order_count,
        zero_value_order_count,
        discounted_order_count,
        cast(gross_amount as decimal(18, 4)) as gross_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(sales_amount as decimal(18, 4)) as sales_amount,
        cast(refund_amount as decimal(18, 4)) as refund_amount,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cast(coalesce(annual_net_amount, 0) as decimal(18, 4)) as annual_net_amount,
        cast(costed_net_amount as decimal(18, 4)) as costed_net_amount,
        cast(margin_amount as decimal(18, 4)) as margin_amount,
        cast(coalesce(tax_amount, 0) as decimal(18, 4)) as tax_amount,
        cast(coalesce(shipping_amount, 0) as decimal(18, 4)) as shipping_amount,
        cast(item_quantity as bigint) as item_quantity,
        first_order_key,
        last_order_key,
        first_sales_channel,
        last_sales_channel,
        last_customer_locale,
        last_locale_source_name,
        cast(
            cast(sales_amount as double) / nullif(cast(order_count as double), 0e0)
            as decimal(18, 4)
        ) as average_order_amount,
        round(
            cast(discount_amount as double) / nullif(cast(gross_amount as double), 0e0), 6
        ) as discount_rate,
        round(
            cast(interval_days as double) / nullif(cast(interval_count as double), 0e0), 2
        ) as average_days_between_orders,
        case
            when interval_count > 1
                then round(sqrt(greatest(
                    (
                        cast(squared_interval_days as double)
                        - cast(interval_days as double) * cast(interval_days as double)
                        / cast(interval_count as double)
                    ) / (cast(interval_count as double) - 1e0), 0e0
                )), 2)
        end as stddev_days_between_orders

    from joined

)

select * from final
