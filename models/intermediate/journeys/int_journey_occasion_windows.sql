with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- A journey that begins while the occasions hold needs them, too.
journeys as (

    select journeys_typed.*

    from {{ ref('int_journeys_typed') }} as journeys_typed
    cross join run_context

    where
        journeys_typed.is_active
        or (
            journeys_typed.valid_from > run_context.as_of_date
            and cast(journeys_typed.valid_from as timestamp) <= {{ dbt.dateadd(
                'hour', var('journey_lookahead_hours') + 24, 'run_context.as_of_at'
            ) }}
        )

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
