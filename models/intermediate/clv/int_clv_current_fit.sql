{{ config(materialized='table') }}

with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

fits as (

    select * from {{ source('pipeline', 'clv_fits') }}

),

choices as (

    select * from {{ source('pipeline', 'clv_choices') }}

),

clv_choices as (

    select * from choices

    where horizon_days = {{ var('clv_horizon_days') }}

),

churn_choices as (

    select * from choices

    where horizon_days = {{ var('churn_horizon_days') }}

),

-- A fit of this build speaks for this data, also when it says that no model holds. A build
-- without one (plain dbt) borrows the latest that held, never one that saw later days.
eligible as (

    select
        fits.*,
        row_number() over (
            order by
                case when fits.build_id = run_context.build_id then 0 else 1 end,
                fits.as_of_date desc nulls last,
                fits.fitted_at desc nulls last,
                fits.fit_id asc nulls last
        ) as preference

    from fits
    cross join run_context

    where
        fits.model = 'mbg_nbd'
        and fits.as_of_date <= run_context.as_of_date
        and (fits.build_id = run_context.build_id or fits.is_valid)

),

preferred as (

    select * from eligible

    where preference = 1

),

chosen as (

    select * from preferred

    where is_valid

),

-- A fit without a choice for this horizon (the var was changed since) scores with its model.
current_fit as (

    select
        run_context.as_of_date as build_as_of_date,
        preferred.fit_id as preferred_fit_id,
        chosen.fit_id,
        chosen.as_of_date as fit_as_of_date,
        chosen.fit_id is not null as has_purchase_fit,
        chosen.gg_p is not null as has_spend_fit,
        chosen.r,
        chosen.alpha,
        chosen.a,
        chosen.b,
        chosen.gg_p,
        chosen.gg_q,
        chosen.gg_v,
        case
            when chosen.fit_id is null then 'formula'
            else coalesce(clv_choices.candidate, 'mbg_nbd')
        end as clv_candidate,
        coalesce(clv_choices.season_orders_factor, 1e0) as clv_season_factor,
        coalesce(clv_choices.level_error, 3e-1) as clv_level_error,
        clv_choices.shape_orders_0,
        clv_choices.shape_orders_1,
        clv_choices.shape_orders_2,
        clv_choices.shape_orders_3,
        clv_choices.shape_orders_4,
        case
            when chosen.fit_id is null then 'formula'
            else coalesce(churn_choices.candidate, 'mbg_nbd')
        end as churn_candidate,
        coalesce(churn_choices.season_churn_factor, 1e0) as churn_season_factor,
        churn_choices.shape_churn_0,
        churn_choices.shape_churn_1,
        churn_choices.shape_churn_2,
        churn_choices.shape_churn_3,
        churn_choices.shape_churn_4

    from run_context
    left join preferred on true
    left join chosen on true
    left join clv_choices on preferred.fit_id = clv_choices.fit_id
    left join churn_choices on preferred.fit_id = churn_choices.fit_id

)

select * from current_fit
