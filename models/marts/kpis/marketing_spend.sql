with

spend as (

    select * from {{ ref('int_marketing_spend_unioned') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_daily') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

rated as (

    select
        spend.*,
        {{ rate_to_reporting_currency(
            'spend.currency_code', 'run_context.reporting_currency_code',
            'exchange_rates.exchange_rate'
        ) }} as exchange_rate

    from spend
    cross join run_context
    left join exchange_rates
        on
            spend.currency_code = exchange_rates.currency_code
            and spend.spend_date = exchange_rates.rate_date

    -- Ingest knows moments in UTC, not days of a zone.
    where spend.spend_date <= run_context.as_of_date

),

final as (

    select
        marketing_spend_key,
        source_name,
        spend_date,
        channel,
        campaign_id,
        campaign_name,
        {{ in_reporting_currency('spend_amount') }} as spend_amount,
        impression_count,
        click_count

    from rated

)

select * from final
