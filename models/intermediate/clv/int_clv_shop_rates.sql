{{ config(materialized='table') }}

with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

customers as (

    select * from {{ ref('int_clv_customers_measured') }}

),

totalled as (

    select
        count(*) as customer_count,
        count_if(repeat_purchase_count > 0) as repeat_customer_count,
        sum(purchase_day_count) as purchase_day_count,
        sum(repeat_purchase_count) as repeat_purchase_count,
        sum(age_days) as customer_days,
        sum(recency_days) as interval_days,
        sum(sales_amount) as sales_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount,
        sum(costed_net_amount) as costed_net_amount,
        sum(margin_amount) as margin_amount

    from customers

),

-- One repeat purchase in a customer year is added to what was seen: without weight in any
-- real shop, it gives one of a few days or without repeat buyers a rate at all.
rated as (

    select
        run_context.as_of_date,
        totalled.customer_count,
        totalled.repeat_customer_count,
        cast(coalesce(totalled.customer_days, 0) + 365 as double)
        / cast(coalesce(totalled.repeat_purchase_count, 0) + 1 as double)
            as days_per_repeat_purchase,
        cast(totalled.interval_days as double)
        / nullif(cast(totalled.repeat_purchase_count as double), 0e0)
            as days_between_purchases,
        cast(
            cast(totalled.sales_amount as double)
            / nullif(cast(totalled.purchase_day_count as double), 0e0) as decimal(18, 4)
        ) as mean_spend_amount,
        coalesce(
            cast(totalled.refund_amount as double)
            / nullif(cast(totalled.sales_amount as double), 0e0), 0e0
        ) as refund_rate,
        case
            when
                totalled.costed_net_amount
                >= totalled.net_amount * {{ var('clv_min_costed_share') }}
                then
                    cast(totalled.margin_amount as double)
                    / nullif(cast(totalled.costed_net_amount as double), 0e0)
        end as margin_rate

    from run_context
    cross join totalled

)

select * from rated
