{{ config(materialized='table') }}

with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

fits as (

    select * from {{ source('pipeline', 'clv_fits') }}

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

chosen as (

    select * from eligible

    where preference = 1 and is_valid

),

current_fit as (

    select
        run_context.as_of_date,
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
        chosen.gg_v

    from run_context
    left join chosen on true

)

select * from current_fit
