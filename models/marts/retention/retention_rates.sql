{% set window_days = var('churn_horizon_days') %}

with

months as (

    select * from {{ ref('int_order_months_summarized') }}

),

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

calendar as (

    select * from {{ ref('calendar') }}

),

-- A customer is active from an order until the window after it has passed without another.
moves as (

    select
        order_month as moved_month,
        sum(new_customer_count) as new_count,
        sum(return_count) as return_count,
        0 as lapse_count,
        0 as new_lapse_count

    from months

    group by moved_month

    union all

    select
        lapsed_month as moved_month,
        0 as new_count,
        0 as return_count,
        sum(return_count) as lapse_count,
        sum(return_count) filter (where cohort_month = lapsed_month) as new_lapse_count

    from months

    where lapsed_month is not null

    group by moved_month

    union all

    select
        cast({{ dbt.date_trunc('month', 'lapsed_date') }} as date) as moved_month,
        0 as new_count,
        0 as return_count,
        count(*) as lapse_count,
        count(*) filter (
            where cast({{ dbt.date_trunc('month', 'first_order_date') }} as date) = moved_month
        ) as new_lapse_count

    from (
        select
            customers.first_order_date,
            run_context.as_of_date,
            cast({{ dbt.dateadd('day', window_days + 1, 'customers.last_order_date') }} as date)
                as lapsed_date
        from customers
        cross join run_context
    ) as last_orders

    where lapsed_date <= as_of_date

    group by moved_month

),

moved as (

    select
        moved_month,
        sum(new_count) as new_count,
        sum(return_count) as return_count,
        sum(lapse_count) as lapse_count,
        sum(new_lapse_count) as new_lapse_count

    from moves

    group by moved_month

),

opened as (

    select min(moved_month) as first_month from moved

),

month_starts as (

    select calendar.calendar_date as month_date

    from calendar
    cross join opened

    where
        calendar.day_of_month = 1
        and calendar.is_past
        and calendar.calendar_date >= opened.first_month

),

cumulated as (

    select
        month_starts.month_date,
        coalesce(moved.new_count, 0) as new_count,
        coalesce(moved.return_count, 0) as return_count,
        coalesce(moved.lapse_count, 0) as lapse_count,
        coalesce(moved.new_count, 0) - coalesce(moved.new_lapse_count, 0)
            as new_active_count,
        sum(
            coalesce(moved.new_count, 0)
            + coalesce(moved.return_count, 0)
            - coalesce(moved.lapse_count, 0)
        ) over (
            order by month_starts.month_date asc nulls last
            rows between unbounded preceding and current row
        ) as end_count

    from month_starts
    left join moved
        on month_starts.month_date = moved.moved_month

),

started as (

    select
        *,
        end_count - new_count - return_count + lapse_count as start_count

    from cumulated

),

final as (

    select
        started.month_date as activity_month,
        started.month_date
        < cast({{ dbt.date_trunc('month', 'run_context.as_of_date') }} as date)
        or run_context.as_of_date
        = cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, 'started.month_date')) }} as date)
            as is_complete_month,
        cast(started.start_count as bigint) as start_customer_count,
        cast(started.end_count as bigint) as end_customer_count,
        cast(started.new_count as bigint) as new_customer_count,
        cast(started.new_active_count as bigint) as new_active_customer_count,
        cast(started.return_count as bigint) as returned_count,
        cast(started.lapse_count as bigint) as lapsed_count,
        {{ kpi_ratio('(started.end_count - started.new_active_count)', 'started.start_count') }}
            as retention_rate,
        {{ kpi_ratio(
            '(started.start_count - started.end_count + started.new_active_count)',
            'started.start_count'
        ) }} as churn_rate,
        cast({{ window_days }} as bigint) as active_window_days

    from started
    cross join run_context

)

select * from final
