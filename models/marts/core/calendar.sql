with

days as (

    select * from {{ ref('int_days') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

final as (

    select
        days.calendar_date,
        cast(year(days.calendar_date) as integer) as calendar_year,
        cast(quarter(days.calendar_date) as integer) as quarter_of_year,
        cast(month(days.calendar_date) as integer) as month_of_year,
        cast(day(days.calendar_date) as integer) as day_of_month,
        -- The engines number week days differently; day 0 of the list, 1990-01-01, was a Monday.
        cast(days.day_number % 7 + 1 as integer) as day_of_week,
        days.day_number % 7 >= 5 as is_weekend,
        cast(
            {{ dbt.dateadd('day', '-(days.day_number % 7)', 'days.calendar_date') }}
            as date
        ) as week_start_date,
        cast({{ dbt.date_trunc('month', 'days.calendar_date') }} as date)
            as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'days.calendar_date') }} as date)
            as quarter_start_date,
        cast({{ dbt.date_trunc('year', 'days.calendar_date') }} as date)
            as year_start_date,
        days.calendar_date <= run_context.as_of_date as is_past

    from days
    cross join run_context

)

select * from final
