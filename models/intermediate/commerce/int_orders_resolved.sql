-- A table, and narrow: models join it to orders and lines, and the window drags every column along.
{{ config(materialized='table') }}

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
        orders.order_key,
        orders.record_key,
        orders.ordered_at,
        {{ to_reporting_date('orders.ordered_at') }} as order_date,
        -- A shop that names no currency sells in the reporting currency.
        coalesce(orders.currency_code, run_context.reporting_currency_code)
            as currency_code,
        run_context.reporting_currency_code,
        coalesce(orders.is_tax_included, false) as is_tax_included,
        orders.tax_amount,
        orders.shipping_amount,

        {{ order_exclusion_reason('orders') }} as exclusion_reason

    from orders
    cross join run_context

),

resolved as (

    select
        dated.order_key,
        customers.customer_key,
        dated.ordered_at,
        dated.order_date,
        dated.exclusion_reason,
        dated.exclusion_reason is null as is_counted,
        dated.currency_code,
        case
            when dated.currency_code = dated.reporting_currency_code
                then cast(1 as decimal(18, 8))
            else exchange_rates.exchange_rate
        end as exchange_rate,
        dated.is_tax_included,
        dated.tax_amount,
        dated.shipping_amount

    from dated
    left join customers
        on dated.record_key = customers.record_key
    left join exchange_rates
        on
            dated.currency_code = exchange_rates.currency_code
            and dated.order_date = exchange_rates.rate_date

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_key, is_counted
            order by ordered_at, order_key
        ) as counted_number,
        lag(order_date) over (
            partition by customer_key, is_counted
            order by ordered_at, order_key
        ) as previous_order_date,
        first_value(order_key) over (
            partition by customer_key, is_counted
            order by ordered_at, order_key
        ) as first_order_key

    from resolved

),

final as (

    select
        order_key,
        customer_key,
        case
            when is_counted and customer_key is not null then first_order_key
        end as first_order_key,
        order_date,
        exclusion_reason,
        is_counted,
        currency_code,
        exchange_rate,
        is_tax_included,
        tax_amount,
        shipping_amount,
        case
            when is_counted and customer_key is not null then counted_number
        end as order_sequence_number,
        case
            when is_counted and customer_key is not null
                then {{ days_between('previous_order_date', 'order_date') }}
        end as days_since_previous_order

    from numbered

)

select * from final
