-- A table, and narrow: every order line looks its variant up.
{{ config(materialized='table') }}

with

variants as (

    select * from {{ ref('int_product_variants_unioned') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- A cost is what a unit costs today, so it is worth what its currency is worth today.
rated as (

    select
        variants.variant_key,
        variants.size,
        variants.colour,
        variants.unit_cost_amount,
        {{ rate_to_reporting_currency(
            'variants.cost_currency_code', 'run_context.reporting_currency_code',
            'exchange_rates.exchange_rate'
        ) }} as exchange_rate

    from variants
    cross join run_context
    left join exchange_rates
        on
            variants.cost_currency_code = exchange_rates.currency_code
            and run_context.as_of_date = exchange_rates.rate_date

),

priced as (

    select
        variant_key,
        size,
        colour,
        case
            when size is not null or colour is not null
                then dense_rank() over (
                    order by size asc nulls first, colour asc nulls first
                )
        end as option_number,
        {{ in_reporting_currency('unit_cost_amount') }} as unit_cost_amount

    from rated

)

select * from priced
