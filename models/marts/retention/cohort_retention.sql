with

months as (

    select * from {{ ref('int_order_months_summarized') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

calendar as (

    select * from {{ ref('calendar') }}

),

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

clv as (

    select * from {{ ref('customer_clv') }}

),

cohorts as (

    select
        cast({{ dbt.date_trunc('month', 'customers.first_order_date') }} as date) as cohort_month,
        count(*) as cohort_customer_count,
        sum(clv.predicted_revenue) as predicted_revenue

    from customers
    left join clv
        on customers.customer_key = clv.customer_key

    group by cohort_month

),

month_starts as (

    select calendar_date as month_date

    from calendar

    where day_of_month = 1 and is_past

),

months_summarized as (

    select
        cohort_month,
        order_month,
        sum(order_count) as order_count,
        sum(active_customer_count) as active_customer_count,
        sum(net_amount) as net_amount

    from months

    group by cohort_month, order_month

),

-- A month in which nobody of the cohort bought is a row too.
joined as (

    select
        cohorts.cohort_month,
        month_starts.month_date as activity_month,
        cast(
            12 * (year(month_starts.month_date) - year(cohorts.cohort_month))
            + month(month_starts.month_date) - month(cohorts.cohort_month)
            as bigint
        ) as month_number,
        last_day(month_starts.month_date) <= run_context.as_of_date as is_complete_month,
        cohorts.cohort_customer_count,
        coalesce(months_summarized.active_customer_count, 0) as active_customer_count,
        coalesce(months_summarized.order_count, 0) as order_count,
        coalesce(months_summarized.net_amount, 0) as net_amount,
        coalesce(cohorts.predicted_revenue, 0) as predicted_revenue

    from cohorts
    inner join month_starts
        on cohorts.cohort_month <= month_starts.month_date
    cross join run_context
    left join months_summarized
        on
            cohorts.cohort_month = months_summarized.cohort_month
            and month_starts.month_date = months_summarized.order_month

),

cumulated as (

    select
        *,
        sum(net_amount) over (
            partition by cohort_month
            order by activity_month asc nulls last
            rows between unbounded preceding and current row
        ) as cumulative_amount,
        sum(net_amount) over (partition by cohort_month) as cohort_amount

    from joined

),

final as (

    select
        concat(
            cast(cohort_month as {{ dbt.type_string() }}), ':',
            cast(month_number as {{ dbt.type_string() }})
        ) as cohort_retention_key,
        cohort_month,
        activity_month,
        month_number,
        is_complete_month,
        cast(cohort_customer_count as bigint) as cohort_customer_count,
        cast(active_customer_count as bigint) as active_customer_count,
        round(
            cast(active_customer_count as double)
            / nullif(cast(cohort_customer_count as double), 0e0),
            6
        ) as retention_rate,
        cast(order_count as bigint) as order_count,
        cast(net_amount as decimal(18, 4)) as net_amount,
        cast(
            cast(cumulative_amount as double) / nullif(cast(cohort_customer_count as double), 0e0)
            as decimal(18, 4)
        ) as ltv_amount,
        cast(
            cast(cohort_amount + predicted_revenue as double)
            / nullif(cast(cohort_customer_count as double), 0e0)
            as decimal(18, 4)
        ) as predicted_ltv_amount,
        cast({{ var('clv_horizon_days') }} as bigint) as clv_horizon_days

    from cumulated

)

select * from final
