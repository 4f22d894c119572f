-- Fails with one row per currency and reporting currency that seeds/exchange_rates.csv has no
-- rate for on the day of some order: add a row valid from `first_order_date` or earlier.
{{ config(meta={'dagster': {'ref': {'name': 'orders'}}}) }}

with

orders as (

    select * from {{ ref('orders') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

)

select
    orders.source_name,
    orders.currency_code,
    run_context.reporting_currency_code,
    count(*) as order_count,
    min(orders.order_date) as first_order_date,
    max(orders.order_date) as last_order_date
from orders
cross join run_context

where orders.exchange_rate is null

group by 1, 2, 3
