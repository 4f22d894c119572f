{{ config(materialized='table') }}

with

records as (

    select
        node_id,
        content_hash

    from {{ ref('int_identity_records_normalized') }}

),

profiles as (

    select * from {{ ref('int_identity_profiles_weighed') }}

),

guarded_identifiers as (

    select * from {{ ref('int_identifiers_guarded') }}

),

repeats as (

    select * from {{ ref('int_identity_repeats') }}

),

matches as (

    select * from {{ ref('int_identity_matches') }}

    where is_match

),

overrides as (

    select
        least(left_node_id, right_node_id) as left_node_id,
        greatest(left_node_id, right_node_id) as right_node_id,
        min(reason) as reason

    from {{ ref('int_identity_overrides_resolved') }}

    where decision = 'together'

    group by least(left_node_id, right_node_id), greatest(left_node_id, right_node_id)

),

contents as (

    select
        content_hash,
        min(node_id) as profile_id

    from records

    group by content_hash

    having count(*) > 1

),

-- Two records that say the same are one person, if what they say is about a person.
identical_records as (

    select
        contents.profile_id as left_node_id,
        records.node_id as right_node_id,
        'identical_record' as rule,
        'everything same' as evidence,
        prior_bits + 20 as score

    from records
    inner join contents on records.content_hash = contents.content_hash
    inner join profiles on contents.profile_id = profiles.profile_id

    where
        records.node_id <> contents.profile_id
        and (
            (profiles.email_normalized is not null and not profiles.is_email_crowded)
            or (profiles.phone_ending is not null and not profiles.is_phone_crowded)
            or profiles.customer_number is not null
            or profiles.national_id_normalized is not null
            or (
                profiles.first_name is not null
                and profiles.last_name is not null
                and coalesce(
                    profiles.email_normalized,
                    profiles.phone_ending,
                    profiles.street_normalized,
                    profiles.birth_date_digits
                ) is not null
            )
        )

),

-- An identifier with more profiles than a candidate block holds links the same name only. A star
-- around one of them, never every pair: an address with 10,000 profiles costs 9,999 edges.
busy_identifiers as (

    select * from guarded_identifiers

    where profile_count > 40

),

busy_profiles as (

    {% for identifier_type, column in [
        ('email', 'email_normalized'), ('phone', 'phone_ending')
    ] %}
        select
            profiles.profile_id,
            profiles.first_name,
            profiles.last_name,
            busy_identifiers.identifier_type,
            busy_identifiers.identifier_value,
            busy_identifiers.surname_count

        from busy_identifiers
        inner join profiles on busy_identifiers.identifier_value = profiles.{{ column }}

        where busy_identifiers.identifier_type = '{{ identifier_type }}'

        {{ 'union all' if not loop.last }}
    {% endfor %}

),

busy_stars as (

    select
        profile_id,
        identifier_type,
        min(profile_id) over (
            partition by identifier_type, identifier_value, first_name, last_name
        ) as hub_profile_id

    from busy_profiles

    where
        (first_name is not null and last_name is not null)
        or (identifier_type = 'email' and surname_count = 0)

),

busy_links as (

    select
        hub_profile_id as left_node_id,
        profile_id as right_node_id,
        min(identifier_type) as identifier_type

    from busy_stars

    where profile_id <> hub_profile_id

    group by hub_profile_id, profile_id

),

-- No two of these link the same two records.
found as (

    select * from identical_records

    union all

    select
        least(hub_profile_id, profile_id) as left_node_id,
        greatest(hub_profile_id, profile_id) as right_node_id,
        'same_email' as rule,
        'first_name same, last_name same, email same' as evidence,
        score
    from repeats

    union all

    select
        left_profile_id as left_node_id,
        right_profile_id as right_node_id,
        rule,
        evidence,
        score
    from matches

),

undecided as (

    select found.*

    from found
    left join overrides
        on
            found.left_node_id = overrides.left_node_id
            and found.right_node_id = overrides.right_node_id

    where overrides.left_node_id is null

),

-- Only where nothing else was found about the two.
unseen as (

    select
        busy_links.left_node_id,
        busy_links.right_node_id,
        concat('same_', busy_links.identifier_type) as rule,
        concat(
            'first_name same, last_name same, ', busy_links.identifier_type, ' same'
        ) as evidence,
        12 as score

    from busy_links
    left join undecided
        on
            busy_links.left_node_id = undecided.left_node_id
            and busy_links.right_node_id = undecided.right_node_id
    left join overrides
        on
            busy_links.left_node_id = overrides.left_node_id
            and busy_links.right_node_id = overrides.right_node_id

    where
        undecided.left_node_id is null
        and overrides.left_node_id is null

),

unioned as (

    select * from undecided

    union all

    select * from unseen

    union all

    select
        left_node_id,
        right_node_id,
        'forced_together' as rule,
        reason as evidence,
        1000 as score
    from overrides

)

select * from unioned
