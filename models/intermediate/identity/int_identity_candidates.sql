{{ config(materialized='table') }}

{#
    What two records of one person have in common, whatever is misspelt in the rest: each rule names values and the
    most profiles that may share them. A block above its size is left alone: what hundreds share proves nothing, and
    comparing all of them with each other is what makes matching quadratic. Blocks of a size cost size x records.
#}
{%- set blocks = [
    {'values': ['email_normalized'], 'max_size': 40},
    {'values': ['phone_ending'], 'max_size': 40},
    {'values': ['customer_number'], 'max_size': 40},
    {'values': ['national_id_normalized'], 'max_size': 40},
    {'values': ['mailbox'], 'max_size': 12, 'where': 'length(mailbox) >= 6'},
    {'values': ['email_domain', 'substring(mailbox, 1, 6)'], 'max_size': 12,
     'where': 'length(mailbox) >= 8 and (mailbox_digits is null or length(mailbox_digits) < 3)'},
    {'values': ['email_domain', 'right(mailbox, 6)'], 'max_size': 12,
     'where': 'length(mailbox) >= 8 and (mailbox_digits is null or length(mailbox_digits) < 3)'},
    {'values': ['email_domain'], 'max_size': 12},
    {'values': ['mailbox_digits', 'substring(email_domain, 1, 3)', 'substring(mailbox, 1, 1)'], 'max_size': 12,
     'where': 'length(mailbox_digits) >= 3'},
    {'values': ['name_low', 'name_high'], 'max_size': 12,
     'where': 'not is_name_assumed and first_name_bits + last_name_bits >= prior_bits + 2'},
    {'values': ['name_low', 'name_high', 'city_normalized'], 'max_size': 20,
     'where': 'first_name_bits + last_name_bits + city_bits >= prior_bits - 1'},
    {'values': ['name_low', 'name_high', 'postal_code_normalized'], 'max_size': 20},
    {'values': ['name_low', 'name_high', 'right(mailbox, 3)'], 'max_size': 20},
    {'values': ['name_low', 'name_high', 'substring(mailbox, 1, 3)'], 'max_size': 20, 'where': 'mailbox_digits is null'},
    {'values': ['name_low', 'name_high', 'substring(mailbox_digits, 1, 3)'], 'max_size': 20},
    {'values': ['house_number', 'street_normalized', 'city_normalized', 'substring(name_low, 1, 1)'], 'max_size': 20},
    {'values': ['house_number', 'street_normalized', 'city_normalized', 'substring(name_high, 1, 1)'], 'max_size': 20},
    {'values': ['house_number', 'street_normalized', 'postal_code_normalized'], 'max_size': 20},
    {'values': ['house_number', 'street_normalized'], 'max_size': 20,
     'where': 'city_normalized is null and postal_code_normalized is null'},
    {'values': ['street_normalized', 'postal_code_normalized', 'substring(last_name, 1, 1)'], 'max_size': 20},
    {'values': ['street_normalized', 'postal_code_normalized', 'substring(first_name, 1, 1)'], 'max_size': 20},
    {'values': ['last_name', 'postal_code_normalized'], 'max_size': 12, 'where': 'house_number is null'},
    {'values': ['birth_date_digits'], 'max_size': 20},
    {'values': ['birth_date_digits', 'first_name'], 'max_size': 20},
    {'values': ['birth_date_digits', 'last_name'], 'max_size': 20},
    {'values': ['substring(birth_date_digits, 5, 4)', 'first_name'], 'max_size': 12},
    {'values': ['substring(birth_date_digits, 5, 4)', 'last_name'], 'max_size': 12},
    {'values': ['substring(birth_date_digits, 1, 6)', 'first_name'], 'max_size': 12},
    {'values': ['substring(birth_date_digits, 1, 6)', 'last_name'], 'max_size': 12},
    {'values': ['city_normalized', 'first_name'], 'max_size': 12, 'where': 'birth_date_digits is not null'},
    {'values': ['city_normalized', 'last_name'], 'max_size': 12, 'where': 'birth_date_digits is not null'},
] -%}

with

weighed_profiles as (

    select * from {{ ref('int_identity_profiles_weighed') }}

),

repeats as (

    select * from {{ ref('int_identity_repeats') }}

),

-- What a covered profile says, its hub says as well.
profiles as (

    select
        weighed_profiles.*,
        coalesce(repeats.hub_profile_id, weighed_profiles.profile_id) as hub_profile_id,
        case when last_name is not null then least(first_name, last_name) end as name_low,
        case when first_name is not null then greatest(first_name, last_name) end as name_high

    from weighed_profiles
    left join repeats on weighed_profiles.profile_id = repeats.profile_id

    where not coalesce(repeats.is_covered, false)

),

blocks as (

    {{ block_rows(blocks, 'profiles') }}

),

shared_blocks as (

    select block_id

    from blocks

    group by block_id

    having count(*) > 1 and count(*) <= max(max_size)

),

-- Of the profiles that repeat one another one speaks for all in each block, the hub if it is there.
blocked_profiles as (

    select
        coalesce(
            max(case when blocks.profile_id = blocks.hub_profile_id then blocks.profile_id end),
            min(blocks.profile_id)
        ) as profile_id,
        blocks.hub_profile_id,
        blocks.block_id

    from blocks
    inner join shared_blocks on blocks.block_id = shared_blocks.block_id

    group by blocks.block_id, blocks.hub_profile_id

),

final as (

    select
        left_profiles.profile_id as left_profile_id,
        right_profiles.profile_id as right_profile_id

    from blocked_profiles as left_profiles
    inner join blocked_profiles as right_profiles
        on
            left_profiles.block_id = right_profiles.block_id
            and left_profiles.profile_id < right_profiles.profile_id

    group by left_profiles.profile_id, right_profiles.profile_id

)

select * from final
