{{ config(materialized='table') }}

with

days as (

    select * from {{ ref('int_clv_purchase_days_sampled') }}

),

origins as (

    select * from {{ ref('int_clv_origins') }}

),

-- As int_clv_customers_measured would have had them on the origin; what came later is the outcome.
summarized as (

    select
        origins.horizon_days,
        origins.origin_number,
        origins.years_back,
        origins.origin_date,
        days.customer_key,
        min(days.activity_date) filter (where days.sales_amount > 0) as first_date,
        max(days.activity_date) filter (
            where days.sales_amount > 0 and days.activity_date <= origins.origin_date
        ) as last_date,
        count(*) filter (
            where days.sales_amount > 0 and days.activity_date <= origins.origin_date
        ) as purchase_day_count,
        count(*) filter (
            where
            days.sales_amount > 0
            and days.activity_date <= origins.origin_date
            and days.activity_date > origins.recent_after_date
        ) as recent_purchase_day_count,
        count(*) filter (
            where days.sales_amount > 0 and days.activity_date > origins.origin_date
        ) as later_purchase_day_count,
        sum(days.sales_amount) filter (where days.activity_date <= origins.origin_date)
            as sales_amount,
        sum(days.refund_amount) filter (where days.activity_date <= origins.origin_date)
            as refund_amount,
        sum(days.sales_amount - days.refund_amount) filter (
            where days.activity_date > origins.origin_date
        ) as later_net_amount

    from days
    inner join origins
        on days.activity_date <= origins.horizon_end_date

    group by
        origins.horizon_days,
        origins.origin_number,
        origins.years_back,
        origins.origin_date,
        days.customer_key

),

measured as (

    select
        horizon_days,
        origin_number,
        years_back,
        origin_date,
        purchase_day_count - 1 as repeat_purchase_count,
        {{ days_between('first_date', 'last_date') }} as recency_days,
        {{ days_between('first_date', 'origin_date') }} as age_days,
        sales_amount,
        refund_amount,
        recent_purchase_day_count,
        later_purchase_day_count,
        coalesce(later_net_amount, 0) as later_net_amount

    from summarized

    where purchase_day_count > 0

)

select * from measured
