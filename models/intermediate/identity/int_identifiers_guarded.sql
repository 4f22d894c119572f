{{ config(materialized='table') }}

with

identifiers as (

    select * from {{ ref('int_identifiers') }}

),

shared_identifiers as (

    select
        identifier_type,
        identifier_value,
        count(*) as profile_count,
        sum(record_count) as record_count,
        min(last_name_normalized) as lowest_surname,
        max(last_name_normalized) as highest_surname,
        min(first_name_normalized) as lowest_first_name,
        max(first_name_normalized) as highest_first_name

    from identifiers

    group by identifier_type, identifier_value

    having count(*) > 1

),

-- Few identifiers have several names: only theirs are worth counting.
names_counted as (

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.first_name_normalized,
        identifiers.last_name_normalized,
        sum(identifiers.record_count) as record_count

    from identifiers
    inner join shared_identifiers
        on
            identifiers.identifier_type = shared_identifiers.identifier_type
            and identifiers.identifier_value = shared_identifiers.identifier_value

    where
        (
            shared_identifiers.lowest_surname <> shared_identifiers.highest_surname
            or shared_identifiers.lowest_first_name <> shared_identifiers.highest_first_name
        )
        and coalesce(
            identifiers.first_name_normalized, identifiers.last_name_normalized
        ) is not null

    group by
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.first_name_normalized,
        identifiers.last_name_normalized

),

-- The most frequent name is the identifier's main one; of equally frequent ones the first in the
-- alphabet, so that every build chooses the same.
names_ranked as (

    select
        identifier_type,
        identifier_value,
        first_name_normalized,
        last_name_normalized,
        row_number() over (
            partition by identifier_type, identifier_value
            order by
                case when first_name_normalized is null then 1 else 0 end asc,
                record_count desc,
                first_name_normalized asc nulls last,
                last_name_normalized asc nulls last
        ) as name_rank

    from names_counted

),

names_summarized as (

    select
        identifier_type,
        identifier_value,
        count(distinct last_name_normalized) as surname_count,
        max(case when name_rank = 1 then first_name_normalized end) as main_first_name,
        max(case when name_rank = 1 then last_name_normalized end) as main_last_name

    from names_ranked

    group by identifier_type, identifier_value

),

final as (

    select
        shared_identifiers.identifier_type,
        shared_identifiers.identifier_value,
        shared_identifiers.profile_count,
        shared_identifiers.record_count,
        coalesce(
            names_summarized.surname_count,
            case when shared_identifiers.lowest_surname is null then 0 else 1 end
        ) as surname_count,
        case
            when names_summarized.identifier_type is null then shared_identifiers.lowest_first_name
            else names_summarized.main_first_name
        end as main_first_name,
        case
            when names_summarized.identifier_type is null then shared_identifiers.lowest_surname
            else names_summarized.main_last_name
        end as main_last_name,
        coalesce(
            names_summarized.surname_count
            > {{ var('identity_max_surnames_per_identifier') }}
            or (
                names_summarized.surname_count > 1
                and shared_identifiers.record_count
                > {{ var('identity_max_records_per_identifier') }}
            ),
            false
        ) as is_crowded

    from shared_identifiers
    left join names_summarized
        on
            shared_identifiers.identifier_type = names_summarized.identifier_type
            and shared_identifiers.identifier_value = names_summarized.identifier_value

)

select * from final
