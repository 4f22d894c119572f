with

customers as (

    select * from {{ ref('int_clv_customers_measured') }}

),

shop_rates as (

    select * from {{ ref('int_clv_shop_rates') }}

),

current_fit as (

    select * from {{ ref('int_clv_current_fit') }}

),

expected_purchases as (

    select * from {{ ref('int_clv_expected_purchases') }}

),

joined as (

    select
        customers.*,
        greatest(0e0, cast(customers.sales_amount as double)) as sales,
        cast(customers.refund_amount as double) as refunds,
        cast(customers.net_amount as double) as net,
        expected_purchases.expected_purchases_if_alive,
        cast(shop_rates.mean_spend_amount as double) as mean_spend,
        shop_rates.days_per_repeat_purchase,
        shop_rates.refund_rate,
        current_fit.has_purchase_fit,
        current_fit.has_spend_fit,
        current_fit.r + customers.repeat_purchase_count as purchase_shape,
        current_fit.alpha + {{ weeks('customers.recency_days') }} as last_seen_weeks,
        current_fit.alpha + {{ weeks('customers.age_days') }} as exposure_weeks,
        ln(current_fit.a) - ln(current_fit.b + customers.repeat_purchase_count)
            as log_dropout_odds,
        current_fit.gg_p,
        current_fit.gg_q,
        current_fit.gg_v

    from customers
    cross join shop_rates
    cross join current_fit
    left join expected_purchases
        on
            customers.repeat_purchase_count = expected_purchases.repeat_purchase_count
            and customers.age_days = expected_purchases.age_days

),

-- The odds of being lost are capped where a double would overflow.
estimated as (

    select
        *,
        1e0 / (1e0 + exp(least(
            7e2,
            log_dropout_odds + purchase_shape * (ln(exposure_weeks) - ln(last_seen_weeks))
        ))) as model_p_alive,
        1e0 - exp(purchase_shape * (
            ln(exposure_weeks) - ln(exposure_weeks + {{ weeks(var('churn_horizon_days')) }})
        )) as p_purchase_if_alive,

        -- Own pace, with one purchase at the shop's pace added.
        (repeat_purchase_count + 1e0) / (age_days + days_per_repeat_purchase)
            as purchases_per_day,
        -- Who is silent for k of their own gaps counts as 1 / k of an active customer.
        1e0 / greatest(1e0, (age_days - recency_days) * purchases_per_day)
            as formula_active_share,
        greatest(0e0, net / purchase_day_count) as own_mean_spend,

        -- Own refund rate, steadied by three average purchases at the shop's.
        greatest(0e0, 1e0 - (
            (refunds + 3e0 * mean_spend * refund_rate) / (sales + 3e0 * mean_spend)
        )) as kept_share,
        case
            when has_spend_fit
                then gg_p * (gg_v + sales) / (gg_p * purchase_day_count + gg_q - 1e0)
            else (sales + mean_spend) / (purchase_day_count + 1e0)
        end as expected_spend

    from joined

),

scored as (

    select
        customer_key,
        as_of_date,
        reporting_currency_code,
        last_order_date,
        order_count,
        purchase_day_count,
        net_amount,
        has_purchase_fit,
        has_spend_fit,
        case when has_purchase_fit then model_p_alive end as p_alive,
        purchases_per_day * formula_active_share * {{ var('clv_horizon_days') }} as formula_orders,
        own_mean_spend,
        case
            when has_purchase_fit then model_p_alive * expected_purchases_if_alive
            else purchases_per_day * formula_active_share * {{ var('clv_horizon_days') }}
        end as predicted_orders,
        case
            when has_purchase_fit then expected_spend * kept_share
            else own_mean_spend
        end as predicted_spend,
        case
            when has_purchase_fit then 1e0 - model_p_alive * p_purchase_if_alive
            else
                1e0
                - formula_active_share
                * (1e0 - exp(-purchases_per_day * {{ var('churn_horizon_days') }}))
        end as churn_probability

    from estimated

)

select * from scored
