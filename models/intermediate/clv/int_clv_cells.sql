{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('int_clv_customers_measured') }}

),

counted as (

    select
        as_of_date as origin_date,
        repeat_purchase_count,
        recency_days,
        age_days,
        count(*) as customer_count

    from customers

    group by as_of_date, repeat_purchase_count, recency_days, age_days

)

select * from counted
