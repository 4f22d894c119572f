{{ config(materialized='table') }}

with

identifiers as (

    select * from {{ ref('int_identifiers') }}

),

blocked_identifiers as (

    select * from {{ ref('blocked_identifiers') }}

),

shared_identifiers as (

    select
        identifier_type,
        identifier_value,
        count(*) as record_count,
        min(last_name_normalized) as lowest_surname,
        max(last_name_normalized) as highest_surname,
        min(substring(first_name_normalized, 1, 1)) as lowest_initial,
        max(substring(first_name_normalized, 1, 1)) as highest_initial

    from identifiers

    group by identifier_type, identifier_value

    having count(*) > 1

),

-- Few identifiers have several names: only theirs are worth counting.
names_counted as (

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.last_name_normalized,
        substring(identifiers.first_name_normalized, 1, 1) as first_initial,
        count(*) as record_count

    from identifiers
    inner join shared_identifiers
        on
            identifiers.identifier_type = shared_identifiers.identifier_type
            and identifiers.identifier_value = shared_identifiers.identifier_value

    where
        shared_identifiers.lowest_surname <> shared_identifiers.highest_surname
        or shared_identifiers.lowest_initial <> shared_identifiers.highest_initial

    group by
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.last_name_normalized,
        first_initial

),

names_summarized as (

    select
        identifier_type,
        identifier_value,
        count(distinct last_name_normalized) as surname_count,
        -- The most frequent name's; of equally frequent ones the last in the alphabet.
        substring(
            max(
                concat(
                    lpad(cast(record_count as {{ dbt.type_string() }}), 12, '0'), first_initial
                )
            ) filter (where first_initial is not null), 13, 1
        ) as main_initial

    from names_counted

    group by identifier_type, identifier_value

),

summarized as (

    select
        shared_identifiers.identifier_type,
        shared_identifiers.identifier_value,
        shared_identifiers.record_count,
        coalesce(
            names_summarized.surname_count,
            case when shared_identifiers.lowest_surname is null then 0 else 1 end
        ) as surname_count,
        coalesce(names_summarized.main_initial, shared_identifiers.lowest_initial) as main_initial

    from shared_identifiers
    left join names_summarized
        on
            shared_identifiers.identifier_type = names_summarized.identifier_type
            and shared_identifiers.identifier_value = names_summarized.identifier_value

),

guarded as (

    select
        summarized.identifier_type,
        summarized.identifier_value,
        summarized.record_count,
        summarized.surname_count,
        summarized.main_initial,
        summarized.surname_count > {{ var('identity_max_surnames_per_identifier') }}
        or (
            summarized.surname_count > 1
            and summarized.record_count > {{ var('identity_max_records_per_identifier') }}
        ) as is_crowded,
        coalesce(
            blocked_values.identifier_value,
            blocked_local_parts.identifier_value,
            blocked_domains.identifier_value
        ) is not null as is_blocked

    from summarized
    left join blocked_identifiers as blocked_values
        on
            summarized.identifier_type = blocked_values.identifier_type
            and summarized.identifier_value = blocked_values.identifier_value
    left join blocked_identifiers as blocked_local_parts
        on
            split_part(summarized.identifier_value, '@', 1) = blocked_local_parts.identifier_value
            and blocked_local_parts.identifier_type = 'email_local_part'
    left join blocked_identifiers as blocked_domains
        on
            split_part(summarized.identifier_value, '@', 2) = blocked_domains.identifier_value
            and blocked_domains.identifier_type = 'email_domain'

)

select * from guarded
