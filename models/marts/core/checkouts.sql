with

checkouts as (

    select * from {{ ref('int_checkouts_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

dated as (

    select
        checkouts.*,
        {{ to_reporting_date('checkouts.started_at') }} as started_date,
        run_context.reporting_currency_code

    from checkouts
    cross join run_context

),

resolved as (

    select
        dated.checkout_key,
        dated.checkout_id,
        dated.source_name,
        dated.platform,
        customers.customer_key,
        dated.started_at,
        dated.started_date,
        dated.completed_at,
        dated.completed_at is null as is_abandoned,
        coalesce(dated.currency_code, dated.reporting_currency_code) as currency_code,
        {{ rate_to_reporting_currency(
            'dated.currency_code', 'dated.reporting_currency_code',
            'exchange_rates.exchange_rate'
        ) }} as exchange_rate,
        dated.total_amount

    from dated
    left join customers
        on dated.record_key = customers.record_key
    left join exchange_rates
        on
            dated.currency_code = exchange_rates.currency_code
            and dated.started_date = exchange_rates.rate_date

),

final as (

    select
        checkout_key,
        checkout_id,
        source_name,
        platform,
        customer_key,
        started_at,
        started_date,
        completed_at,
        is_abandoned,
        currency_code,
        exchange_rate,
        cast({{ in_reporting_currency('total_amount') }} as decimal(18, 4))
            as total_amount

    from resolved

)

select * from final
