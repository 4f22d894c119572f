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
        cast(
            {{ round_significant('(formula_orders * own_mean_spend)') }} as decimal(18, 4)
        ) as formula_value,
        {{ round_significant('predicted_orders') }} as predicted_orders,
        cast(
            {{ round_significant('predicted_spend') }} as decimal(18, 4)
        ) as predicted_avg_order_value,
        cast(
            {{ round_significant('(predicted_orders * predicted_spend)') }} as decimal(18, 4)
        ) as predicted_revenue,
        {{ round_significant('p_alive') }} as p_alive,
        cast({{ var('clv_horizon_days') }} as bigint) as clv_horizon_days,
        case
            when has_purchase_fit and has_spend_fit then 'mbg_nbd+gamma_gamma'
            when has_purchase_fit then 'mbg_nbd+mean_spend'
            else 'formula'
        end as clv_method

    from customers

),

totalled as (

    select
        customer_key,
        as_of,
        currency_code,
        order_count,
        purchase_day_count,
        historic_value,
        formula_value,
        predicted_orders,
        predicted_avg_order_value,
        predicted_revenue,
        cast(historic_value + predicted_revenue as decimal(18, 4)) as total_value,
        p_alive,
        clv_horizon_days,
        clv_method

    from valued

)

select * from totalled
