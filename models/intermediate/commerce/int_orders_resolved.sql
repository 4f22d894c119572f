with

orders as (

    select * from {{ ref('int_orders_unioned') }}

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
        orders.*,
        {{ to_reporting_date('orders.ordered_at') }} as order_date,
        run_context.reporting_currency_code,

        -- The first reason that applies, from "never an order" to "an order undone".
        case
            when orders.is_test then 'test'
            when orders.is_draft then 'draft'
            when orders.is_voided then 'voided'
            when orders.cancelled_at is not null then 'cancelled'
        end as exclusion_reason

    from orders
    cross join run_context

),

resolved as (

    select
        dated.order_key,
        dated.order_id,
        dated.source_name,
        dated.platform,
        customers.customer_key,
        dated.ordered_at,
        dated.order_date,
        dated.cancelled_at,
        dated.cancel_reason,
        dated.cancelled_at is not null as is_cancelled,
        coalesce(dated.is_test, false) as is_test,
        coalesce(dated.is_voided, false) as is_voided,
        coalesce(dated.is_draft, false) as is_draft,
        dated.exclusion_reason,
        dated.exclusion_reason is null as is_counted,
        coalesce(dated.is_tax_included, false) as is_tax_included,

        -- A shop that names no currency sells in the reporting currency.
        coalesce(dated.currency_code, dated.reporting_currency_code) as currency_code,
        case
            when
                dated.currency_code is null
                or dated.currency_code = dated.reporting_currency_code
                then cast(1 as decimal(18, 8))
            else cast(exchange_rates.exchange_rate as decimal(18, 8))
        end as exchange_rate,

        dated.total_amount,
        dated.tax_amount,
        dated.shipping_amount,
        dated.tip_amount,
        dated.financial_status,
        dated.fulfillment_status,
        dated.delivery_method,
        dated.sales_channel,
        dated.country_code,
        dated.loaded_at

    from dated
    left join customers
        on coalesce(dated.customer_record_key, dated.order_key) = customers.record_key
    left join exchange_rates
        on
            dated.currency_code = exchange_rates.currency_code
            and dated.order_date = exchange_rates.rate_date

)

select * from resolved
