{% set clv_days = var('clv_horizon_days') %}
{% set churn_days = var('churn_horizon_days') %}

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

recent_purchases as (

    select * from {{ ref('int_clv_recent_purchases') }}

),

joined as (

    select
        customers.*,
        greatest(0e0, cast(customers.sales_amount as double)) as sales,
        cast(customers.refund_amount as double) as refunds,
        cast(customers.net_amount as double) as net,
        expected_purchases.expected_purchases_if_alive,
        coalesce(recent_purchases.recent_purchase_day_count, 0) as recent_purchase_day_count,
        cast(shop_rates.mean_spend_amount as double) as mean_spend,
        shop_rates.days_per_repeat_purchase,
        shop_rates.refund_rate as shop_refund_rate,
        shop_rates.margin_rate as shop_margin_rate,
        greatest(0e0, coalesce(cast(customers.costed_net_amount as double), 0e0)) as costed_net,
        case
            when customers.costed_net_amount > 0 then cast(customers.margin_amount as double)
            else 0e0
        end as margin,
        current_fit.*,
        current_fit.clv_candidate in ('mbg_nbd', 'mbg_nbd+season', 'mbg_nbd+shape')
            as is_clv_modelled,
        current_fit.r + customers.repeat_purchase_count as purchase_shape,
        current_fit.alpha + {{ weeks('customers.recency_days') }} as last_seen_weeks,
        current_fit.alpha + {{ weeks('customers.age_days') }} as exposure_weeks,
        current_fit.clv_season_factor * {{ weeks(clv_days) }} as clv_weeks,
        current_fit.churn_season_factor * {{ weeks(churn_days) }} as churn_weeks,
        ln(current_fit.a) - ln(current_fit.b + customers.repeat_purchase_count)
            as log_dropout_odds,
        -- Own gaps between purchases, with one of the shop's added.
        (customers.recency_days + shop_rates.days_between_purchases)
        / (customers.repeat_purchase_count + 1e0) as days_between_purchases

    from customers
    cross join shop_rates
    cross join current_fit
    left join expected_purchases
        on
            customers.repeat_purchase_count = expected_purchases.repeat_purchase_count
            and customers.age_days = expected_purchases.age_days
    left join recent_purchases
        on customers.customer_key = recent_purchases.customer_key

),

-- The odds of being lost are capped where a double would overflow.
estimated as (

    select
        *,
        1e0 / (1e0 + exp(least(
            7e2,
            log_dropout_odds + purchase_shape * (ln(exposure_weeks) - ln(last_seen_weeks))
        ))) as model_p_alive,
        purchase_shape * clv_weeks / exposure_weeks as purchases_without_dropout,

        -- Own pace, with one purchase at the shop's pace added.
        (repeat_purchase_count + 1e0) / (age_days + days_per_repeat_purchase)
            as purchases_per_day,
        -- Who is silent for k of their own gaps counts as 1 / k of an active customer.
        1e0 / greatest(1e0, (age_days - recency_days) * purchases_per_day)
            as formula_active_share,
        greatest(0e0, net / purchase_day_count) as own_mean_spend,

        -- Own refund rate, steadied by three average purchases at the shop's.
        greatest(0e0, 1e0 - (
            (refunds + 3e0 * mean_spend * shop_refund_rate) / (sales + 3e0 * mean_spend)
        )) as kept_share,
        -- Own margin, steadied in the same way; nothing where the shop knows too few costs.
        (margin + 3e0 * mean_spend * shop_margin_rate)
        / nullif(costed_net + 3e0 * mean_spend, 0e0) as expected_margin_rate,
        case
            when has_spend_fit
                then gg_p * (gg_v + sales) / (gg_p * purchase_day_count + gg_q - 1e0)
            else (sales + mean_spend) / (purchase_day_count + 1e0)
        end as expected_spend

    from joined

),

modelled as (

    select
        *,
        model_p_alive * expected_purchases_if_alive as model_orders,
        1e0 - model_p_alive * (1e0 - exp(purchase_shape * (
            ln(exposure_weeks) - ln(exposure_weeks + clv_weeks)
        ))) as model_stays_away,
        1e0 - model_p_alive * (1e0 - exp(purchase_shape * (
            ln(exposure_weeks) - ln(exposure_weeks + churn_weeks)
        ))) as model_churn,
        purchases_per_day * formula_active_share * {{ clv_days }} as formula_orders,
        1e0 - formula_active_share * (1e0 - exp(-purchases_per_day * {{ clv_days }}))
            as formula_stays_away,
        1e0 - formula_active_share * (1e0 - exp(-purchases_per_day * {{ churn_days }}))
            as formula_churn

    from estimated

),

chosen as (

    select
        *,
        case clv_candidate
            when 'formula' then formula_orders
            when 'last_period' then recent_purchase_day_count
            when 'mbg_nbd+shape'
                then 5e-1 * (model_orders + greatest(2.5e-1 * model_orders, least(
                    4e0 * model_orders, exp({{ shape_score('shape_orders') }})
                )))
            else model_orders
        end as predicted_orders,
        case when is_clv_modelled then expected_spend * kept_share else own_mean_spend end
            as predicted_spend,
        case churn_candidate
            when 'formula' then formula_churn
            when 'last_period'
                then case when age_days - recency_days >= {{ churn_days }} then 1e0 else 0e0 end
            when 'mbg_nbd+shape'
                then 5e-1 * (
                    model_churn + 1e0 / (1e0 + exp(-{{ shape_score('shape_churn') }}))
                )
            else model_churn
        end as churn_probability,

        -- For the interval: how purchases scatter around the expectation of who buys at all.
        case when is_clv_modelled then model_p_alive else formula_active_share end
            as active_share,
        case when is_clv_modelled then purchase_shape else repeat_purchase_count + 1e0 end
            as rate_shape,
        case
            when is_clv_modelled
                then purchases_without_dropout / expected_purchases_if_alive - 1e0
            else 0e0
        end as exposure_lost,
        case when is_clv_modelled and has_spend_fit then 1e0 / gg_p else 1e0 end
            as spend_scatter,
        case
            when is_clv_modelled and has_spend_fit
                then 1e0 / greatest(5e-1, gg_p * purchase_day_count + gg_q - 2e0)
            else 1e0 / (purchase_day_count + 1e0)
        end as spend_doubt

    from modelled

),

-- Purchases of an active customer are counted like a negative binomial; dropout at an unknown
-- moment adds to its scatter, and so does a total that the shop was off by before. Given at least
-- one purchase, orders and revenue are taken for gamma distributed: they are sums, and their mean
-- and variance are known. Step by step, since an engine computes an alias wherever it is used.
likely as (

    select
        *,
        least(
            1e0 - 1e-9,
            predicted_orders,
            1e0 - case when is_clv_modelled then model_stays_away else formula_stays_away end
        ) as p_purchase,
        predicted_orders / nullif(active_share, 0e0) as orders_if_active,
        (1e0 + 1e0 / rate_shape + exposure_lost / 3e0)
        * (1e0 + clv_level_error * clv_level_error) as rate_spread

    from chosen

),

-- A tenth of all outcomes lies below the lower bound and a tenth above the upper one; but where a
-- tenth or more is nothing at all, nothing lies below, and a fifth above.
conditioned as (

    select
        *,
        predicted_orders / nullif(p_purchase, 0e0) as orders_if_any,
        active_share * orders_if_active * (1e0 + orders_if_active * rate_spread)
        / nullif(p_purchase, 0e0) as squared_orders_if_any,
        1e0 - 9e-1 / nullif(p_purchase, 0e0) as lower_level,
        1e0 - case when p_purchase <= 9e-1 then 2e-1 else 1e-1 end / nullif(p_purchase, 0e0)
            as upper_level

    from likely

),

scattered as (

    select
        *,
        orders_if_any * predicted_spend as revenue_if_any,
        greatest(
            0e0, squared_orders_if_any / nullif(orders_if_any * orders_if_any, 0e0) - 1e0
        ) as orders_variance,
        {{ normal_quantile('lower_level') }} as lower_z,
        {{ normal_quantile('upper_level') }} as upper_z

    from conditioned

),

valued as (

    select
        *,
        orders_variance
        + spend_scatter / nullif(orders_if_any, 0e0)
        + spend_doubt * (1e0 + orders_variance) as revenue_variance

    from scattered

),

rooted as (

    select
        *,
        {{ gamma_quantile_root('orders_variance', 'lower_z') }} as lower_orders_root,
        {{ gamma_quantile_root('orders_variance', 'upper_z') }} as upper_orders_root,
        {{ gamma_quantile_root('revenue_variance', 'lower_z') }} as lower_revenue_root,
        {{ gamma_quantile_root('revenue_variance', 'upper_z') }} as upper_revenue_root

    from valued

),

bounded as (

    select
        *,
        case
            when lower_level > 0e0
                then orders_if_any * lower_orders_root * lower_orders_root * lower_orders_root
            else 0e0
        end as lower_orders,
        case
            when upper_level > 0e0
                then orders_if_any * upper_orders_root * upper_orders_root * upper_orders_root
            else 0e0
        end as upper_orders,
        case
            when lower_level > 0e0
                then revenue_if_any * lower_revenue_root * lower_revenue_root * lower_revenue_root
            else 0e0
        end as lower_revenue,
        case
            when upper_level > 0e0
                then revenue_if_any * upper_revenue_root * upper_revenue_root * upper_revenue_root
            else 0e0
        end as upper_revenue

    from rooted

),

-- Purchases come whole, so the distribution of their number is cut halfway between two counts.
-- The expectation lies within the interval, also where nothing is the likeliest outcome by far.
scored as (

    select
        customer_key,
        as_of_date,
        reporting_currency_code,
        last_order_date,
        last_purchase_date,
        order_count,
        purchase_day_count,
        net_amount,
        margin_amount,
        expected_margin_rate,
        case
            when is_clv_modelled and has_spend_fit then concat(clv_candidate, '+gamma_gamma')
            when is_clv_modelled then concat(clv_candidate, '+mean_spend')
            else clv_candidate
        end as clv_method,
        churn_candidate as churn_method,
        case when has_purchase_fit then model_p_alive end as p_alive,
        formula_orders,
        own_mean_spend,
        predicted_orders,
        least(floor(lower_orders + 5e-1), predicted_orders) as predicted_orders_lower,
        greatest(ceil(upper_orders - 5e-1), predicted_orders) as predicted_orders_upper,
        predicted_spend,
        least(lower_revenue, predicted_orders * predicted_spend) as predicted_revenue_lower,
        greatest(upper_revenue, predicted_orders * predicted_spend) as predicted_revenue_upper,
        churn_probability,
        refunds / nullif(sales, 0e0) as refund_rate,
        -- A customer who keeps to their own rhythm buys on this day.
        cast({{ dbt.dateadd(
            'day', 'cast(round(days_between_purchases) as integer)', 'last_purchase_date'
        ) }} as date) as expected_next_order_date,
        greatest(
            0, age_days - recency_days - cast(round(days_between_purchases) as integer)
        ) as days_overdue

    from bounded

)

select * from scored
