{{ config(materialized='table') }}

with

identifiers as (

    select * from {{ ref('int_identifiers') }}

),

blocked_identifiers as (

    select * from {{ ref('blocked_identifiers') }}

),

-- A phone is often a household's, a front desk's or a former owner's: kept as an identifier, no link on its own.
shared_identifiers as (

    select
        identifier_type,
        identifier_value,
        count(*) as record_count,
        count(distinct last_name_normalized) as surname_count,
        min(record_number) as first_record_number,
        min_by(record_key, record_number) as first_record_key

    from identifiers

    where identifier_type = 'email'

    group by identifier_type, identifier_value

    having count(*) > 1

),

guarded_identifiers as (

    select
        shared_identifiers.*,
        shared_identifiers.surname_count > {{ var('identity_max_surnames_per_identifier', 6) }}
        or (
            shared_identifiers.surname_count > 1
            and shared_identifiers.record_count > {{ var('identity_max_records_per_identifier', 100) }}
        ) as is_crowded

    from shared_identifiers

    where
        not exists (
            select 1
            from blocked_identifiers
            where
                blocked_identifiers.identifier_type = shared_identifiers.identifier_type
                and blocked_identifiers.identifier_value = shared_identifiers.identifier_value
        )
        and not exists (
            select 1
            from blocked_identifiers
            where
                blocked_identifiers.identifier_type = 'email_local_part'
                and blocked_identifiers.identifier_value = split_part(shared_identifiers.identifier_value, '@', 1)
        )
        and not exists (
            select 1
            from blocked_identifiers
            where
                blocked_identifiers.identifier_type = 'email_domain'
                and blocked_identifiers.identifier_value = split_part(shared_identifiers.identifier_value, '@', 2)
        )

),

-- Star-shaped: each record to the earliest one of its identifier, so that a busy address costs one edge a record.
private_edges as (

    select
        guarded_identifiers.first_record_key as left_record_key,
        identifiers.record_key as right_record_key,
        guarded_identifiers.first_record_number as left_record_number,
        identifiers.record_number as right_record_number,
        'same_email' as rule,
        identifiers.identifier_value as evidence

    from guarded_identifiers
    inner join identifiers
        on
            guarded_identifiers.identifier_type = identifiers.identifier_type
            and guarded_identifiers.identifier_value = identifiers.identifier_value

    where
        not guarded_identifiers.is_crowded
        and identifiers.record_number <> guarded_identifiers.first_record_number

)

select * from private_edges
