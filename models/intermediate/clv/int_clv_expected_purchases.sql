{{ config(materialized='table') }}

with

cells as (

    select * from {{ ref('int_clv_cells') }}

),

current_fit as (

    select * from {{ ref('int_clv_current_fit') }}

),

-- Recency does not matter to a customer who is alive, so ten million customers share
-- some 100,000 histories.
histories as (

    select
        repeat_purchase_count,
        age_days

    from cells

    group by repeat_purchase_count, age_days

),

-- Euler's transform of the textbook form: its series converges fast, and no large terms
-- cancel.
parameterized as (

    select
        histories.repeat_purchase_count,
        histories.age_days,
        current_fit.r + histories.repeat_purchase_count as purchase_shape,
        current_fit.clv_season_factor * {{ weeks(var('clv_horizon_days')) }} as horizon_weeks,
        current_fit.alpha + {{ weeks('histories.age_days') }} as exposure_weeks,
        current_fit.a - 1e0 as series_a,
        current_fit.a + current_fit.b - current_fit.r as series_b,
        current_fit.a + current_fit.b + histories.repeat_purchase_count as series_c,
        horizon_weeks / (exposure_weeks + horizon_weeks) as series_z

    from histories
    cross join current_fit

    where current_fit.has_purchase_fit

),

{{ hypergeometric_ctes('parameterized') }}

-- (1 - kept^(a - 1)) / (a - 1) tends to -ln(kept) as a tends to 1.
summed as (

    select
        repeat_purchase_count,
        age_days,
        purchase_shape * horizon_weeks / exposure_weeks as purchases_without_dropout,
        case
            when abs(series_a) < 1e-6 then -ln(1e0 - series_z)
            else (1e0 - power(1e0 - series_z, series_a)) / series_a
        end as leading_term,
        power(1e0 - series_z, series_a) * series_b * series_z * tail_1 as remainder,
        series_c

    from from_1

),

-- The bounds hold for the exact value; they matter where the series is cut off too early
-- (customers of a few days in a shop whose customers buy within days of each other).
bounded as (

    select
        repeat_purchase_count,
        age_days,
        greatest(
            0e0, least(purchases_without_dropout, series_c * leading_term - remainder)
        ) as expected_purchases_if_alive

    from summed

)

select * from bounded
