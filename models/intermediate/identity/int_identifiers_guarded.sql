{{ config(materialized='table') }}

with

identifiers as (

    select * from {{ ref('int_identifiers') }}

),

blocked_identifiers as (

    select * from {{ ref('blocked_identifiers') }}

),

names_counted as (

    select
        identifier_type,
        identifier_value,
        last_name_normalized,
        substring(first_name_normalized, 1, 1) as first_initial,
        count(*) as record_count

    from identifiers

    group by identifier_type, identifier_value, last_name_normalized, first_initial

),

shared_identifiers as (

    select
        identifier_type,
        identifier_value,
        sum(record_count) as record_count,
        count(distinct last_name_normalized) as surname_count,
        -- The most frequent name's initial; of equally frequent ones the last in the alphabet, to be repeatable.
        substring(
            max(concat(lpad(cast(record_count as {{ dbt.type_string() }}), 12, '0'), first_initial))
                filter (where first_initial is not null),
            13,
            1
        ) as main_initial

    from names_counted

    group by identifier_type, identifier_value

    having sum(record_count) > 1

),

guarded as (

    select
        shared_identifiers.identifier_type,
        shared_identifiers.identifier_value,
        shared_identifiers.record_count,
        shared_identifiers.surname_count,
        shared_identifiers.main_initial,
        coalesce(
            shared_identifiers.surname_count > {{ var('identity_max_surnames_per_identifier', 6) }}
            or (
                shared_identifiers.surname_count > 1
                and shared_identifiers.record_count > {{ var('identity_max_records_per_identifier', 100) }}
            ),
            false
        ) as is_crowded,
        coalesce(
            blocked_values.identifier_value,
            blocked_local_parts.identifier_value,
            blocked_domains.identifier_value
        ) is not null as is_blocked

    from shared_identifiers
    left join blocked_identifiers as blocked_values
        on
            shared_identifiers.identifier_type = blocked_values.identifier_type
            and shared_identifiers.identifier_value = blocked_values.identifier_value
    left join blocked_identifiers as blocked_local_parts
        on
            split_part(shared_identifiers.identifier_value, '@', 1) = blocked_local_parts.identifier_value
            and blocked_local_parts.identifier_type = 'email_local_part'
    left join blocked_identifiers as blocked_domains
        on
            split_part(shared_identifiers.identifier_value, '@', 2) = blocked_domains.identifier_value
            and blocked_domains.identifier_type = 'email_domain'

)

select * from guarded
