{% set high_from_share = (1 - var('value_tier_high_share')) | round(6) %}
{% set mid_from_share = (high_from_share - var('value_tier_mid_share')) | round(6) %}

with

customers as (

    select * from {{ ref('int_clv_customers_scored') }}

),

valued as (

    select
        customer_key,
        as_of_date as as_of,
        reporting_currency_code as currency_code,
        cast(order_count as bigint) as order_count,
        cast(purchase_day_count as bigint) as purchase_day_count,
        net_amount as historic_value,
        margin_amount as historic_margin,
        round(expected_margin_rate, 9) as expected_margin_rate,
        cast(formula_orders * own_mean_spend as decimal(18, 4)) as formula_value,
        round(predicted_orders, 9) as expected_orders,
        -- Whole numbers, except where the expectation itself is the bound.
        least(predicted_orders_lower, expected_orders) as predicted_orders_lower,
        case
            when predicted_orders_upper > predicted_orders then predicted_orders_upper
            else expected_orders
        end as predicted_orders_upper,
        cast(predicted_spend as decimal(18, 4)) as predicted_avg_order_value,
        predicted_orders * predicted_spend as expected_revenue,
        cast(expected_revenue as decimal(18, 4)) as predicted_revenue,
        cast(predicted_revenue_lower as decimal(18, 4)) as predicted_revenue_lower,
        cast(predicted_revenue_upper as decimal(18, 4)) as predicted_revenue_upper,
        cast(expected_revenue * {{ discount_factor() }} as decimal(18, 4)) as discounted_revenue,
        cast(expected_revenue * expected_margin_rate as decimal(18, 4)) as predicted_margin,
        cast(
            expected_revenue * expected_margin_rate * {{ discount_factor() }} as decimal(18, 4)
        ) as discounted_margin,
        case
            when clv_method not in ('formula', 'last_period') then round(p_alive, 9)
        end as p_alive,
        expected_next_order_date,
        days_overdue,
        clv_method

    from customers

),

-- Read once more for this one figure, which costs less than keeping every score of every customer
-- aside for it.
ranked as (

    select predicted_orders * predicted_spend as expected_revenue

    from {{ ref('int_clv_customers_scored') }}

),

-- Shares of buyers, not of value: a tier of a fifth can be planned for.
thresholds as (

    select
        percentile_cont({{ high_from_share }})
        within group (order by expected_revenue asc) as high_from,
        percentile_cont({{ mid_from_share }})
        within group (order by expected_revenue asc) as mid_from

    from ranked

),

tiered as (

    select
        valued.customer_key,
        valued.as_of,
        valued.currency_code,
        valued.order_count,
        valued.purchase_day_count,
        valued.historic_value,
        valued.formula_value,
        valued.expected_orders as predicted_orders,
        valued.predicted_orders_lower,
        valued.predicted_orders_upper,
        valued.predicted_avg_order_value,
        valued.predicted_revenue,
        valued.predicted_revenue_lower,
        valued.predicted_revenue_upper,
        valued.discounted_revenue,
        cast(valued.historic_value + valued.predicted_revenue as decimal(18, 4)) as total_value,
        valued.historic_margin,
        valued.expected_margin_rate,
        valued.predicted_margin,
        valued.discounted_margin,
        cast(
            coalesce(valued.historic_margin, 0) + valued.predicted_margin as decimal(18, 4)
        ) as total_margin,
        case
            when valued.expected_revenue <= 0e0 then 'low'
            when valued.expected_revenue >= thresholds.high_from then 'high'
            when valued.expected_revenue >= thresholds.mid_from then 'mid'
            else 'low'
        end as value_tier,
        valued.p_alive,
        valued.expected_next_order_date,
        cast(valued.days_overdue as bigint) as days_overdue,
        cast({{ var('clv_horizon_days') }} as bigint) as clv_horizon_days,
        valued.clv_method

    from valued
    cross join thresholds

)

select * from tiered
