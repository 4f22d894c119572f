{{ config(materialized='table') }}
{% set window_days = var('churn_horizon_days') %}

with

orders as (

    select * from {{ ref('orders') }}

),

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

-- Whether an order is the customer's first in its month, or ends an absence, follows from the
-- days since the one before: no customer and month needs to be looked at twice.
dated as (

    select
        customers.first_order_date,
        orders.order_date,
        orders.sales_amount,
        orders.net_amount,
        orders.days_since_previous_order is null
        or orders.days_since_previous_order >= day(orders.order_date) as is_first_in_month,
        orders.days_since_previous_order is null as is_first,
        coalesce(orders.days_since_previous_order > {{ window_days }}, false) as is_return,
        case
            when orders.days_since_previous_order > {{ window_days }}
                then cast({{ dbt.dateadd(
                    'day',
                    '-(cast(orders.days_since_previous_order as integer) - ' ~ (window_days + 1) ~ ')',
                    'orders.order_date'
                ) }} as date)
        end as lapsed_date

    from orders
    inner join customers
        on orders.customer_key = customers.customer_key

    where orders.is_counted

),

summarized as (

    select
        cast({{ dbt.date_trunc('month', 'first_order_date') }} as date) as cohort_month,
        cast({{ dbt.date_trunc('month', 'order_date') }} as date) as order_month,
        cast({{ dbt.date_trunc('month', 'lapsed_date') }} as date) as lapsed_month,
        count(*) as order_count,
        count(*) filter (where is_first_in_month) as active_customer_count,
        count(*) filter (where is_first) as new_customer_count,
        count(*) filter (where is_return) as return_count,
        cast(sum(sales_amount) as decimal(18, 4)) as sales_amount,
        cast(sum(net_amount) as decimal(18, 4)) as net_amount

    from dated

    group by cohort_month, order_month, lapsed_month

)

select * from summarized
