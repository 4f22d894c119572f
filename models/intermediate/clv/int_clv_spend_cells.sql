{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('int_clv_customers_measured') }}

),

averaged as (

    select
        as_of_date as origin_date,
        purchase_day_count,
        cast(sales_amount as double) / purchase_day_count as mean_spend

    from customers

    where sales_amount > 0

),

-- Bands of 2 % move the fitted parameters by 0.03 %. Sums are decimal, so that two runs over
-- the same data add up alike.
banded as (

    select
        origin_date,
        purchase_day_count,
        cast(floor(ln(mean_spend) * 5e1) as bigint) as spend_band,
        count(*) as customer_count,
        sum(cast(mean_spend as decimal(28, 6))) as mean_spend_sum

    from averaged

    group by origin_date, purchase_day_count, spend_band

)

select * from banded
