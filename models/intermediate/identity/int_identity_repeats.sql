{{ config(materialized='table') }}

{#
    The buyer who orders twenty times writes the same address and name twenty times. Comparing those profiles with each
    other, and each of them with everybody else, says nothing that one of them would not say.
#}

with

profiles as (

    select * from {{ ref('int_identity_profiles_weighed') }}

),

named as (

    select
        *,
        {{ block_hash([
            'email_normalized', 'first_name', 'last_name', "coalesce(birth_date_digits, '')",
            "coalesce(national_id_normalized, '')", 'is_order'
        ]) }} as block_id,
        case when phone_e164 is null then 1 else 0 end
        + case when phone_ending is null then 1 else 0 end
        + case when street_normalized is null then 1 else 0 end
        + case when house_number is null then 1 else 0 end
        + case when postal_code_normalized is null then 1 else 0 end
        + case when city_normalized is null then 1 else 0 end
        + case when customer_number is null then 1 else 0 end
            as missing_facts

    from profiles

    where
        email_normalized is not null
        and first_name is not null
        and last_name is not null
        and not is_name_assumed
        and not is_email_crowded
        and first_name_bits + last_name_bits + 6 >= {{ var('identity_min_score') }}

),

-- The profile that says most stands for the others, the first of several.
hubs as (

    select
        block_id,
        min(cast(missing_facts as bigint) * 281474976710656 + profile_id) % 281474976710656
            as hub_profile_id

    from named

    group by block_id

    having count(*) > 1

),

final as (

    select
        named.profile_id,
        hubs.hub_profile_id,
        named.first_name_bits + named.last_name_bits + 6 as score,
        coalesce(named.phone_e164 = hub_profiles.phone_e164, named.phone_e164 is null)
        and coalesce(named.phone_ending = hub_profiles.phone_ending, named.phone_ending is null)
        and coalesce(
            named.street_normalized = hub_profiles.street_normalized,
            named.street_normalized is null
        )
        and coalesce(named.house_number = hub_profiles.house_number, named.house_number is null)
        and coalesce(
            named.postal_code_normalized = hub_profiles.postal_code_normalized,
            named.postal_code_normalized is null
        )
        and coalesce(
            named.city_normalized = hub_profiles.city_normalized,
            named.city_normalized is null
        )
        and coalesce(
            named.customer_number = hub_profiles.customer_number,
            named.customer_number is null
        )
            as is_covered

    from named
    inner join hubs on named.block_id = hubs.block_id
    inner join profiles as hub_profiles on hubs.hub_profile_id = hub_profiles.profile_id

    where
        named.profile_id <> hubs.hub_profile_id
        and named.email_normalized = hub_profiles.email_normalized
        and named.first_name = hub_profiles.first_name
        and named.last_name = hub_profiles.last_name
        and named.is_order = hub_profiles.is_order
        and coalesce(named.birth_date_digits, '') = coalesce(hub_profiles.birth_date_digits, '')
        and coalesce(named.national_id_normalized, '')
        = coalesce(hub_profiles.national_id_normalized, '')

)

select * from final
