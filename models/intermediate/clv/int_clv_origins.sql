-- Days before this are too few to fit anything on (crm_warehouse/clv/purchases.py refuses
-- them too).
{% set least_history_days = 56 %}
-- Who covers nearly a year has every season in its outcome.
{% set longest_seasonal_horizon_days = 330 %}

with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

opened as (

    select min(first_purchase_date) as first_date from customers

),

horizons as (

    select distinct horizons.horizon_days
    from (
        values ({{ var('clv_horizon_days') }}), ({{ var('churn_horizon_days') }})
    ) as horizons (horizon_days)

),

numbers as (

    select numbers.origin_number
    from (values (0), (1), (2), (3), (4)) as numbers (origin_number)

),

years as (

    select years.years_back
    from (values (0), (1)) as years (years_back)

),

dated as (

    select
        horizons.horizon_days,
        numbers.origin_number,
        years.years_back,
        opened.first_date,
        cast(
            {{ dbt.dateadd(
                'day',
                '-(numbers.origin_number * horizons.horizon_days + 365 * years.years_back)',
                'run_context.as_of_date'
            ) }} as date
        ) as origin_date

    from horizons
    cross join numbers
    cross join years
    cross join run_context
    cross join opened

    where years.years_back = 0 or horizons.horizon_days <= {{ longest_seasonal_horizon_days }}

),

final as (

    select
        horizon_days,
        origin_number,
        years_back,
        origin_date,
        cast(
            {{ dbt.dateadd('day', '-horizon_days', 'origin_date') }} as date
        ) as recent_after_date,
        cast(
            {{ dbt.dateadd('day', 'horizon_days', 'origin_date') }} as date
        ) as horizon_end_date

    from dated

    where
        (origin_number = 0 and years_back = 0)
        or {{ days_between('first_date', 'origin_date') }} >= {{ least_history_days }}

)

select * from final
