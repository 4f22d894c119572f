with

journeys as (

    select * from {{ ref('int_journeys_typed') }}

    where is_active

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

summarized as (

    select
        occasion,
        min(delay_hours) as first_hours,
        max(delay_hours + expires_after_hours) as last_hours

    from journeys

    group by occasion

),

final as (

    select
        summarized.occasion,
        {{ dbt.dateadd('hour', '-summarized.last_hours', 'run_context.as_of_at') }} as from_at,
        {{ dbt.dateadd(
            'hour',
            var('journey_lookahead_hours') ~ ' - summarized.first_hours',
            'run_context.as_of_at'
        ) }} as until_at

    from summarized
    cross join run_context

)

select * from final
