with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

current_fit as (

    select * from {{ ref('int_clv_current_fit') }}

),

fits as (

    select * from {{ source('pipeline', 'clv_fits') }}

),

choices as (

    select * from {{ source('pipeline', 'clv_choices') }}

),

backtests as (

    select * from {{ source('pipeline', 'clv_backtests') }}

),

-- What scores today has no outcome yet: a row with parameters and no measures.
candidates as (

    select
        fit_id,
        horizon_days,
        0 as origin_number,
        candidate

    from choices

    union all

    select
        fit_id,
        horizon_days,
        origin_number,
        candidate

    from backtests

),

joined as (

    select
        run_context.as_of_date as as_of,
        candidates.horizon_days,
        candidates.origin_number,
        coalesce(backtests.origin_date, fits.as_of_date) as origin_date,
        candidates.candidate,
        candidates.candidate = choices.candidate as is_scoring,
        coalesce(backtests.customer_count, fits.customer_count) as customer_count,
        backtests.actual_orders,
        backtests.predicted_orders,
        backtests.orders_mae,
        backtests.orders_spearman,
        backtests.orders_bias,
        backtests.actual_revenue,
        backtests.predicted_revenue,
        backtests.revenue_mae,
        backtests.revenue_spearman,
        backtests.revenue_bias,
        backtests.top_decile_capture,
        backtests.actual_churn_rate,
        backtests.predicted_churn_rate,
        backtests.auc,
        backtests.brier,
        backtests.calibration_error,
        backtests.calibration as calibration_by_decile,
        case when candidates.origin_number = 0 then fits.r else backtests.r end as r,
        case when candidates.origin_number = 0 then fits.alpha else backtests.alpha end as alpha,
        case when candidates.origin_number = 0 then fits.a else backtests.a end as a,
        case when candidates.origin_number = 0 then fits.b else backtests.b end as b,
        case
            when candidates.origin_number = 0 then fits.log_likelihood
            else backtests.log_likelihood
        end as log_likelihood,
        case when candidates.origin_number = 0 then fits.gg_p else backtests.gg_p end as gg_p,
        case when candidates.origin_number = 0 then fits.gg_q else backtests.gg_q end as gg_q,
        case when candidates.origin_number = 0 then fits.gg_v else backtests.gg_v end as gg_v,
        case
            when candidates.origin_number = 0 then choices.season_orders_factor
            else backtests.season_orders_factor
        end as season_orders_factor,
        case
            when candidates.origin_number = 0 then choices.season_churn_factor
            else backtests.season_churn_factor
        end as season_churn_factor,
        choices.level_error,
        choices.winner,
        choices.choice_reason,
        choices.release_gate,
        choices.gate_reason

    from current_fit
    cross join run_context
    inner join fits
        on current_fit.preferred_fit_id = fits.fit_id
    inner join candidates
        on fits.fit_id = candidates.fit_id
    inner join choices
        on
            candidates.fit_id = choices.fit_id
            and candidates.horizon_days = choices.horizon_days
    left join backtests
        on
            candidates.fit_id = backtests.fit_id
            and candidates.horizon_days = backtests.horizon_days
            and candidates.origin_number = backtests.origin_number
            and candidates.candidate = backtests.candidate

),

final as (

    select
        concat(
            cast(horizon_days as {{ dbt.type_string() }}), ':',
            cast(origin_number as {{ dbt.type_string() }}), ':', candidate
        ) as model_quality_key,
        as_of,
        cast(horizon_days as bigint) as horizon_days,
        origin_date,
        case origin_number when 0 then 'in_force' when 1 then 'release' else 'choice' end
            as origin_role,
        candidate,
        is_scoring,
        cast(customer_count as bigint) as customer_count,
        actual_orders,
        predicted_orders,
        orders_mae,
        orders_spearman,
        orders_bias,
        actual_revenue,
        predicted_revenue,
        revenue_mae,
        revenue_spearman,
        revenue_bias,
        top_decile_capture,
        actual_churn_rate,
        predicted_churn_rate,
        auc,
        brier,
        calibration_error,
        calibration_by_decile,
        r,
        alpha,
        a,
        b,
        log_likelihood,
        gg_p,
        gg_q,
        gg_v,
        season_orders_factor,
        season_churn_factor,
        level_error,
        winner,
        choice_reason,
        release_gate,
        gate_reason

    from joined

)

select * from final
