with

exchange_rates as (

    select * from {{ ref('exchange_rates') }}

),

days as (

    select * from {{ ref('int_days') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- A rate holds until the next one of its currency.
periods as (

    select
        exchange_rates.currency_code,
        exchange_rates.exchange_rate,
        exchange_rates.valid_from,
        lead(exchange_rates.valid_from) over (
            partition by exchange_rates.currency_code
            order by exchange_rates.valid_from
        ) as next_valid_from

    from exchange_rates
    inner join run_context
        on exchange_rates.reporting_currency_code = run_context.reporting_currency_code

    where exchange_rates.currency_code != exchange_rates.reporting_currency_code

),

daily as (

    select
        periods.currency_code,
        days.calendar_date as rate_date,
        periods.exchange_rate

    from periods
    inner join days
        on
            periods.valid_from <= days.calendar_date
            and (
                periods.next_valid_from > days.calendar_date
                or periods.next_valid_from is null
            )

)

select * from daily
