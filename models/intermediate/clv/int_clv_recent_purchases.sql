with

orders as (

    select * from {{ ref('orders') }}

),

current_fit as (

    select * from {{ ref('int_clv_current_fit') }}

),

-- Read only where the last period is what scores the shop: else the join has nothing to match.
recent as (

    select
        orders.customer_key,
        orders.order_date

    from orders
    inner join current_fit
        on
            orders.order_date > {{ dbt.dateadd(
                'day', -var('clv_horizon_days'), 'current_fit.build_as_of_date'
            ) }}

    where
        current_fit.clv_candidate = 'last_period'
        and orders.is_purchase
        and orders.customer_key is not null

    group by orders.customer_key, orders.order_date

),

counted as (

    select
        customer_key,
        count(*) as recent_purchase_day_count

    from recent

    group by customer_key

)

select * from counted
