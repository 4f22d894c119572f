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

-- What scores today has no outcome yet: its row has parameters and no measures.
in_force as (

    select
        choices.horizon_days,
        0 as origin_number,
        fits.as_of_date as origin_date,
        choices.candidate,
        fits.customer_count,
        fits.r,
        fits.alpha,
        fits.a,
        fits.b,
        fits.log_likelihood,
        fits.gg_p,
        fits.gg_q,
        fits.gg_v,
        choices.season_orders_factor,
        choices.season_churn_factor,
        choices.winner,
        choices.candidate as scoring_candidate,
        choices.choice_reason,
        choices.release_gate,
        choices.gate_reason,
        choices.level_error

    from current_fit
    inner join fits on current_fit.preferred_fit_id = fits.fit_id
    inner join choices on fits.fit_id = choices.fit_id

),

measured as (

    select
        backtests.*,
        choices.winner,
        choices.candidate as scoring_candidate,
        choices.choice_reason,
        choices.release_gate,
        choices.gate_reason,
        choices.level_error

    from current_fit
    inner join choices on current_fit.preferred_fit_id = choices.fit_id
    inner join backtests
        on
            choices.fit_id = backtests.fit_id
            and choices.horizon_days = backtests.horizon_days

),

{% set measures = [
    'actual_orders', 'predicted_orders', 'orders_mae', 'orders_spearman', 'orders_bias',
    'actual_revenue', 'predicted_revenue', 'revenue_mae', 'revenue_spearman', 'revenue_bias',
    'top_decile_capture', 'actual_churn_rate', 'predicted_churn_rate', 'auc', 'brier',
    'calibration_error',
] %}
{% set parameters = [
    'r', 'alpha', 'a', 'b', 'log_likelihood', 'gg_p', 'gg_q', 'gg_v',
    'season_orders_factor', 'season_churn_factor', 'level_error',
] %}
{% set words = ['winner', 'scoring_candidate', 'choice_reason', 'release_gate', 'gate_reason'] %}
unioned as (

    select
        horizon_days,
        origin_number,
        origin_date,
        candidate,
        customer_count,
        {% for measure in measures -%}
        cast(null as double) as {{ measure }},
        {% endfor -%}
        cast(null as {{ dbt.type_string() }}) as calibration_by_decile,
        {% for name in parameters + words -%}
        {{ name }}{{ '' if loop.last else ',' }}
        {% endfor %}
    from in_force

    union all

    select
        horizon_days,
        origin_number,
        origin_date,
        candidate,
        customer_count,
        {% for measure in measures -%}
        {{ measure }},
        {% endfor -%}
        calibration as calibration_by_decile,
        {% for name in parameters + words -%}
        {{ name }}{{ '' if loop.last else ',' }}
        {% endfor %}
    from measured

),

final as (

    select
        concat(
            cast(unioned.horizon_days as {{ dbt.type_string() }}), ':',
            cast(unioned.origin_number as {{ dbt.type_string() }}), ':', unioned.candidate
        ) as model_quality_key,
        run_context.as_of_date as as_of,
        unioned.horizon_days,
        unioned.origin_date,
        case
            when unioned.origin_number = 0 then 'in_force'
            when unioned.origin_number = 1 then 'release'
            else 'choice'
        end as origin_role,
        unioned.candidate,
        unioned.candidate = unioned.scoring_candidate as is_scoring,
        cast(unioned.customer_count as bigint) as customer_count,
        {% for name in measures -%}
        {{ round_significant('unioned.' ~ name) }} as {{ name }},
        {% endfor -%}
        unioned.calibration_by_decile,
        {% for name in parameters -%}
        {{ round_significant('unioned.' ~ name) }} as {{ name }},
        {% endfor -%}
        unioned.winner,
        unioned.choice_reason,
        unioned.release_gate,
        unioned.gate_reason

    from unioned
    cross join run_context

)

select * from final
