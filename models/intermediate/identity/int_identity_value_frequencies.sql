{{ config(materialized='table') }}

-- Agreement on a rare value tells more than agreement on a common one: log2(records / records with
-- the value) bits of evidence, as whole bits, so that a few new records change no weight. Names are
-- counted whether given as first or as last name, since some people swap the fields.
with

profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

totals as (

    select
        count(*) as profile_count,
        floor(log2(greatest(count(*), 1))) as total_bits

    from profiles

),

values_given as (

    select
        'name' as value_type,
        first_name_normalized as value,
        12 as max_bits
    from profiles

    union all

    select
        'name' as value_type,
        last_name_normalized as value,
        12 as max_bits
    from profiles

    union all

    select
        'postal_code' as value_type,
        postal_code_normalized as value,
        10 as max_bits
    from profiles

    union all

    select
        'city' as value_type,
        city_normalized as value,
        8 as max_bits
    from profiles

    union all

    select
        'email_domain' as value_type,
        email_domain as value,
        0 as max_bits
    from profiles

),

-- How many mailboxes bear a first and last name together: a name of many is nobody's.
full_names as (

    select
        'full_name' as value_type,
        concat(first_name_normalized, ' ', last_name_normalized) as value,
        0 as max_bits,
        count(distinct email_normalized) as profile_count

    from profiles

    where first_name_normalized is not null and last_name_normalized is not null

    group by first_name_normalized, last_name_normalized

    having count(distinct email_normalized) > 1

),

counted as (

    select
        value_type,
        value,
        max_bits,
        count(*) as profile_count

    from values_given

    where value is not null

    group by value_type, value, max_bits

    union all

    select * from full_names

),

final as (

    select
        counted.value_type,
        counted.value,
        counted.profile_count,
        cast(
            greatest(
                0, least(
                    counted.max_bits, totals.total_bits - ceil(log2(counted.profile_count))
                )
            ) as int
        ) as bits

    from counted
    cross join totals

)

select * from final
