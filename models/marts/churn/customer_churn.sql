with

customers as (

    select * from {{ ref('int_clv_customers_scored') }}

),

rounded as (

    select
        customer_key,
        as_of_date as as_of,
        cast(
            {{ days_between('last_order_date', 'as_of_date') }} as bigint
        ) as days_since_last_order,
        {{ round_significant('churn_probability') }} as churn_probability,
        cast({{ var('churn_horizon_days') }} as bigint) as churn_horizon_days,
        {{ round_significant('p_alive') }} as p_alive,
        case when has_purchase_fit then 'mbg_nbd' else 'formula' end as churn_method

    from customers

),

banded as (

    select
        *,
        {{ churn_risk_band('churn_probability') }} as churn_risk_band

    from rounded

)

select * from banded
