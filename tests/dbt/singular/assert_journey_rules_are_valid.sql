-- Fails when a row of seeds/journeys.csv cannot work. `problem_key` says which journey and why.
{{ config(meta={'dagster': {'ref': {'name': 'int_journeys_typed'}}}) }}

{% set numbers = [
    'delay_hours', 'priority', 'expires_after_hours', 'cap_count', 'cap_days',
    'quiet_from_hour', 'quiet_until_hour'
] %}
{% set texts = ['name', 'purpose', 'owner', 'reason'] %}
{% set words = {
    'channel': ['email', 'sms'],
    'consent': ['marketing', 'service'],
    'occasion': journey_occasion_names()
} %}
{% set segments = segment_registry() | map(attribute='segment_key') | list %}
{% set letters = 'abcdefghijklmnopqrstuvwxyz0123456789_' %}

with

journeys as (

    select * from {{ ref('journeys') }}

),

typed as (

    select * from {{ ref('int_journeys_typed') }}

),

compared as (

    select
        journeys.*,
        typed.delay_hours as delay_hours_number,
        typed.priority as priority_number,
        typed.expires_after_hours as expires_after_hours_number,
        typed.cap_count as cap_count_number,
        typed.cap_days as cap_days_number,
        typed.quiet_from_hour as quiet_from_hour_number,
        typed.quiet_until_hour as quiet_until_hour_number,
        typed.valid_from as valid_from_date,
        typed.valid_to as valid_to_date

    from journeys
    left join typed on journeys.journey_key = typed.journey_key

),

problems as (

    select
        journey_key,
        'journey_key_is_not_in_snake_case' as problem
    from compared
    where
        translate(journey_key, '{{ letters }}', '') != ''
        or translate(substring(journey_key, 1, 1), '0123456789_', '') = ''

    {% for column in texts %}
        union all
        select
            journey_key,
            '{{ column }}_is_missing' as problem
        from compared
        where coalesce(trim({{ column }}), '') = ''
    {% endfor %}

    {% for column, known in words.items() %}
        union all
        select
            journey_key,
            '{{ column }}_is_none_of/{{ known | join("/") | truncate(60, true, "..") }}' as problem
        from compared
        where
            {{ column }} is null
            or {{ column }} not in ({{ quoted_list(known) }})
    {% endfor %}

    {% for column in numbers %}
        union all
        select
            journey_key,
            '{{ column }}_is_no_whole_number' as problem
        from compared
        where
            coalesce({{ column }}, '') != coalesce(
                cast({{ column }}_number as {{ dbt.type_string() }}), ''
            )
            or {{ column }}_number < 0
            {{- '' if column.startswith('quiet') else ' or ' ~ column ~ '_number is null' }}
    {% endfor %}

    {% for column in ['expires_after_hours', 'cap_count', 'cap_days'] %}
        union all
        select
            journey_key,
            '{{ column }}_is_zero' as problem
        from compared
        where {{ column }}_number = 0
    {% endfor %}

    union all
    select
        journey_key,
        'quiet_hours_are_not_two_different_hours_of_a_day' as problem
    from compared
    where
        quiet_from_hour_number > 23
        or quiet_until_hour_number > 23
        or quiet_from_hour_number = quiet_until_hour_number
        or (quiet_from_hour_number is null) != (quiet_until_hour_number is null)

    {% for column in ['only_segment', 'not_segment'] %}
        union all
        select
            journey_key,
            '{{ column }}_is_not_in_vars.segments' as problem
        from compared
        where {{ column }} not in ({{ quoted_list(segments) }})
    {% endfor %}

    {% for column in ['valid_from', 'valid_to'] %}
        union all
        select
            journey_key,
            '{{ column }}_is_no_day' as problem
        from compared
        where
            {{ column }} is not null
            and {{ column }}_date is null
    {% endfor %}

    union all
    select
        journey_key,
        'valid_to_is_before_valid_from' as problem
    from compared
    where valid_to_date < valid_from_date

)

select coalesce(journey_key, 'without_a_key') || ':' || problem as problem_key
from problems
