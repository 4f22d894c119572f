{{ config(materialized='table') }}

-- Every pair of candidates and the evidence in bits (Fellegi & Sunter 1969): 0 bits are even odds
-- that both are one person. Agreement adds what the value's rarity is worth, contradiction
-- subtracts, and the odds against any two records being one person (prior_bits) come off in the
-- end. Weights and what they were measured on: docs/identity.md.
with

compared as (

    select * from {{ ref('int_identity_pairs_compared') }}

),

ordered as (

    select
        *,
        coalesce(
            first_to_last_agreement in ('same', 'similar')
            and last_to_first_agreement in ('same', 'similar')
            and not (
                first_name_agreement in ('same', 'variant', 'similar', 'initial')
                and last_name_agreement in ('same', 'similar')
            ),
            false
        ) as is_name_swapped,
        -- One name of a record that gives only one, in the other field.
        coalesce(
            first_name_agreement in ('missing', 'different')
            and last_name_agreement in ('missing', 'different')
            and (
                first_to_last_agreement in ('same', 'similar')
                or last_to_first_agreement in ('same', 'similar')
            )
            and first_to_last_agreement <> 'different'
            and last_to_first_agreement <> 'different',
            false
        ) as is_name_misplaced

    from compared

),

-- What the names say together. Everything else that two people can share, a household shares:
-- relatives and strangers in one household are told apart by the first name alone.
judged as (

    select
        *,
        case
            when
                is_name_assumed
                and (phone_agreement in ('same', 'shared') or is_customer_number_same)
                then 'none'
            when
                first_name_agreement = 'different'
                and last_name_agreement in ('same', 'similar', 'unclear', 'initial')
                and not is_name_swapped
                then 'relative'
            when is_name_swapped then 'full'
            when is_name_misplaced then 'part'
            when
                is_name_assumed
                and 'different' in (first_name_agreement, last_name_agreement)
                then 'conflict'
            when is_name_assumed then 'none'
            when
                first_name_agreement in ('same', 'variant', 'similar', 'initial', 'unclear')
                and last_name_agreement in ('same', 'similar', 'initial', 'unclear')
                and not (first_name_agreement = 'unclear' and last_name_agreement = 'unclear')
                then 'full'
            when
                first_name_agreement in ('same', 'variant', 'similar')
                and last_name_agreement = 'different'
                and email_agreement <> 'misspelt'
                then 'renamed'
            when 'different' in (first_name_agreement, last_name_agreement) then 'conflict'
            when first_name_agreement = 'missing' and last_name_agreement = 'missing'
                then 'none'
            else 'part'
        end as name_verdict

    from ordered

),

weighed as (

    select
        *,
        case
            when is_name_assumed then 0
            when is_name_swapped then first_name_bits + last_name_bits - 3
            when is_name_misplaced then last_name_bits - 3
            else
                case first_name_agreement
                    when 'same' then first_name_bits
                    when 'variant' then first_name_bits - 3
                    when 'similar' then first_name_bits - 3
                    when 'initial' then 5
                    when 'unclear' then -2
                    when 'different' then -8
                    else 0
                end
        end as first_name_weight,
        case
            when is_name_assumed or is_name_swapped or is_name_misplaced then 0
            else
                case last_name_agreement
                    when 'same' then last_name_bits
                    when 'similar' then last_name_bits - 2
                    when 'initial' then 3
                    when 'different' then -4
                    else 0
                end
        end as last_name_weight,
        case email_agreement
            when 'same' then prior_bits + 6
            when 'misspelt' then prior_bits + 4
            when 'similar' then 5
            when 'crowded' then 3
            when 'different' then -2
            else 0
        end as email_weight,
        case phone_agreement
            when 'same' then prior_bits + 6
            when 'shared' then prior_bits - 1
            when 'crowded' then 2
            when 'similar' then 2
            when 'different' then -2
            else 0
        end as phone_weight,
        case when is_customer_number_same then prior_bits + 10 else 0 end
            as customer_number_weight,
        case national_id_agreement
            when 'same' then prior_bits + 6
            when 'misspelt' then cast(floor(prior_bits * 6 / 10) as int)
            when 'different' then -5
            else 0
        end as national_id_weight,
        case birth_date_agreement
            when 'same' then 13
            when 'similar' then 8
            when 'misspelt' then 5
            when 'unclear' then -2
            when 'different' then -7
            else 0
        end as birth_date_weight,
        case address_agreement
            when 'same' then 11
            when 'street' then 5
            when 'neighbour' then case when postal_code_agreement = 'same' then 2 else 0 end
            when 'different' then -1
            else 0
        end as address_weight,
        greatest(
            case postal_code_agreement
                when 'same' then postal_code_bits
                when 'misspelt' then postal_code_bits - 4
                else 0
            end,
            case city_agreement
                when 'same' then city_bits
                when 'misspelt' then city_bits - 2
                else 0
            end
        )
        - case
            when address_agreement = 'same' then 0
            when postal_code_agreement = 'different' then 2
            when city_agreement = 'different' then 1
            else 0
        end as place_weight

    from judged

),

-- An order for somebody else: another name, on the buyer's e-mail address, sent elsewhere.
-- Colleagues with one mailbox and one phone order to one address. And two people of one name, as
-- father and son: nothing that belongs to one person agrees, and what does not tells them apart.
recognized as (

    select
        *,
        (is_left_order or is_right_order)
        and name_verdict = 'conflict'
        and email_agreement = 'same'
        and (
            address_agreement in ('different', 'neighbour')
            or (address_agreement = 'missing' and phone_agreement in ('same', 'shared'))
        ) as is_gift,
        email_agreement = 'different'
        and phone_agreement not in ('same', 'shared', 'similar')
        and not is_customer_number_same
        and national_id_agreement <> 'same'
        and birth_date_agreement <> 'same'
        and (
            birth_date_agreement = 'different'
            or (is_customer_number_different and phone_agreement = 'different')
        ) as is_namesake,
        customer_number_weight + national_id_weight + birth_date_weight as personal_facts_weight,
        case when email_agreement in ('same', 'misspelt') then email_weight else 0 end
            as mailbox_weight,
        last_name_weight
        + phone_weight
        + case when email_agreement in ('same', 'misspelt') then 0 else email_weight end
        + case
            when address_agreement in ('same', 'street')
                then greatest(address_weight, address_weight + place_weight - 8)
            else address_weight + place_weight
        end as household_weight,
        -- What can still prove one person where the first name says two.
        case
            when national_id_weight > 0
                then
                    national_id_weight
                    + customer_number_weight
                    + birth_date_weight
                    + greatest(address_weight, place_weight)
            when customer_number_weight > 0 then customer_number_weight
            when
                email_agreement in ('same', 'misspelt')
                and birth_date_agreement in ('same', 'similar', 'misspelt')
                then email_weight + birth_date_weight
            when birth_date_agreement = 'same' and name_verdict = 'relative'
                then birth_date_weight + greatest(email_weight, phone_weight, address_weight)
            else 0
        end as personal_weight

    from weighed

),

scored as (

    select
        *,
        case
            when is_gift then 10
            when name_verdict in ('relative', 'conflict')
                then first_name_weight + last_name_weight + personal_weight - prior_bits
            when
                address_agreement in ('same', 'street')
                or phone_agreement in ('same', 'shared')
                -- Last name, phone and address go together in a household: they count once.
                then
                    first_name_weight
                    + personal_facts_weight
                    + mailbox_weight
                    + least(household_weight, prior_bits + 4)
                    - prior_bits
            else
                first_name_weight
                + personal_facts_weight
                + mailbox_weight
                + household_weight
                - prior_bits
        end as score

    from recognized

),

final as (

    select
        left_profile_id,
        right_profile_id,
        is_left_order,
        score,
        case
            when is_gift then 'gift_order'
            when is_customer_number_same then 'same_customer_number'
            when national_id_agreement = 'same' then 'same_national_id'
            when email_agreement = 'same' then 'same_email'
            when phone_agreement in ('same', 'shared') then 'same_phone'
            when email_agreement = 'misspelt' then 'misspelt_email'
            when birth_date_agreement in ('same', 'similar', 'misspelt')
                then 'same_name_and_birth_date'
            when address_agreement in ('same', 'street') then 'same_name_and_address'
            else 'same_rare_name'
        end as rule,
        {{ agreement_list() }} as evidence,
        is_gift,
        -- A full name that several mailboxes bear is not rare, whatever its parts are.
        score >= {{ var('identity_min_score') }}
        and not is_namesake
        and (
            rule <> 'same_rare_name'
            or full_name_mailbox_count <= {{ var('identity_max_mailboxes_per_name') }}
        ) as is_match,
        -- Two common first names on one household's data are two people, and so are two of one name
        -- who live at one address with their own phones.
        (
            name_verdict in ('relative', 'conflict')
            and not is_name_assumed
            and not is_gift
            and score <= -8
            and first_name_count >= 3
            and birth_date_agreement not in ('same', 'similar', 'misspelt')
            and national_id_agreement not in ('same', 'misspelt')
        )
        or (
            is_namesake
            and not is_name_assumed
            and address_agreement = 'same'
            and phone_agreement = 'different'
        ) as is_contradiction

    from scored

)

select * from final
