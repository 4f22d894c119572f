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
        max(delay_hours + expires_after_hours) as last_hours,
        case
            when min(coalesce(only_segment, '')) = max(coalesce(only_segment, ''))
                then max(only_segment)
        end as only_segment

    from journeys

    group by occasion

),

final as (

    select
        summarized.occasion,
        summarized.only_segment,
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
