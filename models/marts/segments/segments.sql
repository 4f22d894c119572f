with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

registered as (

    {{ segment_rows() }}

),

dated as (

    select
        registered.*,
        run_context.as_of_date >= coalesce(registered.valid_from, run_context.as_of_date)
        and run_context.as_of_date <= coalesce(registered.valid_to, run_context.as_of_date)
            as is_active,
        run_context.as_of_date as as_of

    from registered
    cross join run_context

)

select * from dated
