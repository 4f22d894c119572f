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

    select * from {{ ref('int_identity_overrides_resolved') }}

    where decision = 'together'

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

    select
        profiles.profile_id,
        profiles.prior_bits,
        guarded_identifiers.identifier_type,
        min(profiles.profile_id) over (
            partition by
                guarded_identifiers.identifier_type,
                guarded_identifiers.identifier_value,
                profiles.first_name,
                profiles.last_name
        ) as hub_profile_id

    from guarded_identifiers
    inner join profiles
        on
            guarded_identifiers.identifier_value = case
                when guarded_identifiers.identifier_type = 'email'
                    then profiles.email_normalized
                else profiles.phone_ending
            end

    where
        guarded_identifiers.profile_count > 40
        and (
            (profiles.first_name is not null and profiles.last_name is not null)
            or (
                guarded_identifiers.identifier_type = 'email'
                and guarded_identifiers.surname_count = 0
            )
        )

),

unioned as (

    select * from identical_records

    union all

    select
        hub_profile_id as left_node_id,
        profile_id as right_node_id,
        'same_email' as rule,
        'first_name same, last_name same, email same' as evidence,
        score
    from repeats

    union all

    select
        hub_profile_id as left_node_id,
        profile_id as right_node_id,
        concat('same_', identifier_type) as rule,
        concat('first_name same, last_name same, ', identifier_type, ' same') as evidence,
        12 as score
    from busy_identifiers

    where profile_id <> hub_profile_id

    union all

    select
        left_profile_id as left_node_id,
        right_profile_id as right_node_id,
        rule,
        evidence,
        score
    from matches

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
