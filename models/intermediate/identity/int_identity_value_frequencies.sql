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

counted as (

    select
        value_type,
        value,
        max_bits,
        count(*) as profile_count

    from values_given

    where value is not null

    group by value_type, value, max_bits

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
