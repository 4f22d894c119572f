{{ config(materialized='table') }}

{#
    The buyer who orders twenty times writes the same address and name twenty times. Comparing those profiles with each
    other, and each of them with everybody else, says nothing that one of them would not say.
#}
{%- set facts = [
    'phone_e164', 'phone_ending', 'street_normalized', 'house_number', 'postal_code_normalized', 'city_normalized',
    'customer_number'
] -%}
{%- set identity = [
    'email_normalized', 'first_name', 'last_name', 'birth_date_digits', 'national_id_normalized', 'is_order'
] -%}

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
        {%- for fact in facts %}
        case when {{ fact }} is null then 1 else 0 end {{ '+' if not loop.last }}
        {%- endfor %} as missing_facts

    from profiles

    where
        email_normalized is not null
        and first_name is not null
        and last_name is not null
        and not is_name_assumed
        and not is_email_crowded

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
        {%- for fact in facts %}
        (named.{{ fact }} is null or coalesce(named.{{ fact }} = hub_profiles.{{ fact }}, false))
        {{ 'and ' if not loop.last }}
        {%- endfor %} as is_covered

    from named
    inner join hubs on named.block_id = hubs.block_id
    inner join profiles as hub_profiles on hubs.hub_profile_id = hub_profiles.profile_id

    where
        named.profile_id <> hubs.hub_profile_id
        {%- for value in identity %}
        and coalesce(named.{{ value }} = hub_profiles.{{ value }}, named.{{ value }} is null)
        {%- endfor %}

)

select * from final
