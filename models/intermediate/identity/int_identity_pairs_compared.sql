-- Read once, by int_identity_matches, pair by pair: a view.
with

candidates as (

    select * from {{ ref('int_identity_candidates') }}

),

profiles as (

    select * from {{ ref('int_identity_profiles_weighed') }}

),

given_name_variants as (

    select * from {{ ref('int_given_name_variants') }}

),

compared as (

    select
        candidates.left_profile_id,
        candidates.right_profile_id,
        left_profiles.prior_bits,
        left_profiles.is_name_assumed or right_profiles.is_name_assumed as is_name_assumed,
        left_profiles.is_order as is_left_order,
        right_profiles.is_order as is_right_order,
        least(left_profiles.first_name_bits, right_profiles.first_name_bits) as first_name_bits,
        least(left_profiles.last_name_bits, right_profiles.last_name_bits) as last_name_bits,
        least(left_profiles.postal_code_bits, right_profiles.postal_code_bits)
            as postal_code_bits,
        greatest(left_profiles.city_bits, right_profiles.city_bits) as city_bits,
        least(left_profiles.first_name_count, right_profiles.first_name_count)
            as first_name_count,
        greatest(left_profiles.full_name_mailbox_count, right_profiles.full_name_mailbox_count)
            as full_name_mailbox_count,
        {{ name_agreement(
            'left_profiles.first_name', 'right_profiles.first_name',
            'left_profiles.first_name_count', 'right_profiles.first_name_count',
            'given_name_variants.left_name is not null'
        ) }} as first_name_agreement,
        {{ name_agreement(
            'left_profiles.last_name', 'right_profiles.last_name',
            'left_profiles.last_name_count', 'right_profiles.last_name_count'
        ) }} as last_name_agreement,
        -- Given in the other order: worth a look only where the given order agrees in nothing.
        case
            when
                coalesce(left_profiles.first_name, '') <> coalesce(right_profiles.first_name, '')
                and coalesce(left_profiles.last_name, '') <> coalesce(right_profiles.last_name, '')
                then {{ name_agreement(
                    'left_profiles.first_name', 'right_profiles.last_name',
                    'left_profiles.first_name_count', 'right_profiles.last_name_count'
                ) }}
        end as first_to_last_agreement,
        case
            when
                coalesce(left_profiles.first_name, '') <> coalesce(right_profiles.first_name, '')
                and coalesce(left_profiles.last_name, '') <> coalesce(right_profiles.last_name, '')
                then {{ name_agreement(
                    'left_profiles.last_name', 'right_profiles.first_name',
                    'left_profiles.last_name_count', 'right_profiles.first_name_count'
                ) }}
        end as last_to_first_agreement,
        case
            when
                left_profiles.email_normalized is null
                or right_profiles.email_normalized is null
                then 'missing'
            when left_profiles.email_normalized = right_profiles.email_normalized
                then case when left_profiles.is_email_crowded then 'crowded' else 'same' end
            -- Most pairs end here, before the distances of whole addresses, which cost more.
            when
                left_profiles.mailbox <> right_profiles.mailbox
                and (
                    abs(length(left_profiles.mailbox) - length(right_profiles.mailbox)) > 2
                    or levenshtein(left_profiles.mailbox, right_profiles.mailbox) > 3
                )
                then 'different'
            when
                left_profiles.mailbox = right_profiles.mailbox
                and length(left_profiles.mailbox) >= 6
                -- Two providers are both common, a misspelling is rarer than what it misspells.
                and (
                    least(left_profiles.email_domain_count, right_profiles.email_domain_count)
                    <= 20
                    or least(left_profiles.email_domain_count, right_profiles.email_domain_count)
                    * 20
                    <= greatest(
                        left_profiles.email_domain_count, right_profiles.email_domain_count
                    )
                )
                and {{ edit_distance(
                    'left_profiles.email_domain', 'right_profiles.email_domain'
                ) }} <= 2
                then 'misspelt'
            when
                left_profiles.email_domain = right_profiles.email_domain
                and coalesce(left_profiles.mailbox_digits, '')
                = coalesce(right_profiles.mailbox_digits, '')
                and length(left_profiles.mailbox) >= 7
                and abs(length(left_profiles.mailbox) - length(right_profiles.mailbox)) <= 1
                and {{ edit_distance('left_profiles.mailbox', 'right_profiles.mailbox') }} = 1
                then 'misspelt'
            when
                least(left_profiles.email_domain_count, right_profiles.email_domain_count) <= 20
                and length(left_profiles.email_normalized) >= 10
                and abs(
                    length(left_profiles.email_normalized)
                    - length(right_profiles.email_normalized)
                ) <= 2
                and {{ edit_distance(
                    'left_profiles.email_normalized', 'right_profiles.email_normalized'
                ) }} <= 2
                then 'misspelt'
            when
                left_profiles.mailbox = right_profiles.mailbox
                and length(left_profiles.mailbox) >= 8
                then 'similar'
            when
                abs(
                    length(left_profiles.email_normalized)
                    - length(right_profiles.email_normalized)
                ) <= 2
                and length(left_profiles.mailbox) >= 5
                and {{ edit_distance(
                    'left_profiles.email_normalized', 'right_profiles.email_normalized'
                ) }} <= 2
                then 'similar'
            else 'different'
        end as email_agreement,
        -- A number without a country is compared by its last eight digits.
        case
            when left_profiles.phone_ending is null or right_profiles.phone_ending is null
                then 'missing'
            when
                left_profiles.phone_e164 = right_profiles.phone_e164
                or (
                    left_profiles.phone_ending = right_profiles.phone_ending
                    and (
                        left_profiles.phone_e164 is null or right_profiles.phone_e164 is null
                    )
                )
                then case
                    when left_profiles.is_phone_crowded then 'crowded'
                    when left_profiles.phone_surname_count > 1 then 'shared'
                    else 'same'
                end
            when
                {{ edit_distance(
                    'left_profiles.phone_ending', 'right_profiles.phone_ending'
                ) }} = 1
                then 'similar'
            else 'different'
        end as phone_agreement,
        coalesce(
            left_profiles.customer_number = right_profiles.customer_number, false
        ) as is_customer_number_same,
        coalesce(
            left_profiles.customer_number <> right_profiles.customer_number, false
        ) as is_customer_number_different,
        case
            when
                left_profiles.national_id_normalized is null
                or right_profiles.national_id_normalized is null
                then 'missing'
            when
                left_profiles.national_id_normalized = right_profiles.national_id_normalized
                then 'same'
            when
                {{ edit_distance(
                    'left_profiles.national_id_normalized',
                    'right_profiles.national_id_normalized'
                ) }} = 1
                then 'misspelt'
            else 'different'
        end as national_id_agreement,
        {{ birth_date_agreement(
            'left_profiles.birth_date_digits', 'right_profiles.birth_date_digits'
        ) }} as birth_date_agreement,
        case
            when
                left_profiles.street_normalized is null
                or right_profiles.street_normalized is null
                then 'missing'
            when
                left_profiles.street_normalized <> right_profiles.street_normalized
                and (
                    length(left_profiles.street_normalized) < 5
                    or {{ edit_distance(
                        'left_profiles.street_normalized', 'right_profiles.street_normalized'
                    ) }} > 2
                )
                then 'different'
            when left_profiles.house_number = right_profiles.house_number then 'same'
            when
                left_profiles.house_number is null or right_profiles.house_number is null
                then 'street'
            else 'neighbour'
        end as address_agreement,
        case
            when
                left_profiles.postal_code_normalized is null
                or right_profiles.postal_code_normalized is null
                then 'missing'
            when
                left_profiles.postal_code_normalized = right_profiles.postal_code_normalized
                then 'same'
            when
                {{ edit_distance(
                    'left_profiles.postal_code_normalized',
                    'right_profiles.postal_code_normalized'
                ) }} = 1
                then 'misspelt'
            else 'different'
        end as postal_code_agreement,
        case
            when left_profiles.city_normalized is null or right_profiles.city_normalized is null
                then 'missing'
            when left_profiles.city_normalized = right_profiles.city_normalized then 'same'
            when
                length(left_profiles.city_normalized) >= 5
                and {{ edit_distance(
                    'left_profiles.city_normalized', 'right_profiles.city_normalized'
                ) }} <= 2
                then 'misspelt'
            else 'different'
        end as city_agreement

    from candidates
    inner join profiles as left_profiles
        on candidates.left_profile_id = left_profiles.profile_id
    inner join profiles as right_profiles
        on candidates.right_profile_id = right_profiles.profile_id
    left join given_name_variants
        on
            left_profiles.first_name = given_name_variants.left_name
            and right_profiles.first_name = given_name_variants.right_name

)

select * from compared
