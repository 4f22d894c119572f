with

journeys as (

    select * from {{ ref('journeys') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- What is no number becomes null, which is never due; assert_journey_rules_are_valid names it.
typed as (

    select
        journeys.journey_key,
        journeys.channel,
        journeys.occasion,
        journeys.only_segment,
        journeys.not_segment,
        journeys.consent,
        journeys.reason,
        try_cast(journeys.delay_hours as bigint) as delay_hours,
        try_cast(journeys.expires_after_hours as bigint) as expires_after_hours,
        try_cast(journeys.priority as bigint) as priority,
        try_cast(journeys.cap_count as bigint) as cap_count,
        try_cast(journeys.cap_days as bigint) as cap_days,
        try_cast(journeys.quiet_from_hour as bigint) as quiet_from_hour,
        try_cast(journeys.quiet_until_hour as bigint) as quiet_until_hour,
        try_cast(journeys.valid_from as date) as valid_from,
        try_cast(journeys.valid_to as date) as valid_to,
        run_context.as_of_date

    from journeys
    cross join run_context

),

final as (

    select
        *,
        as_of_date >= coalesce(valid_from, as_of_date)
        and as_of_date <= coalesce(valid_to, as_of_date) as is_active

    from typed

)

select * from final
