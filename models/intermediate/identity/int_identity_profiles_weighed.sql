{{ config(materialized='table') }}

with

profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

guarded_identifiers as (

    select * from {{ ref('int_identifiers_guarded') }}

),

frequencies as (

    select * from {{ ref('int_identity_value_frequencies') }}

),

totals as (

    select cast(floor(log2(greatest(count(*), 1))) as int) as prior_bits from profiles

),

-- A record without any name is the main user's of its address: compared as if it bore that name, it
-- cannot become the bridge between two people of one household.
named as (

    select
        profiles.profile_id,
        profiles.is_order,
        profiles.email_normalized,
        profiles.mailbox,
        profiles.mailbox_digits,
        profiles.email_domain,
        profiles.phone_e164,
        profiles.phone_ending,
        profiles.birth_date_digits,
        profiles.street_normalized,
        profiles.house_number,
        profiles.postal_code_normalized,
        profiles.city_normalized,
        profiles.customer_number,
        profiles.national_id_normalized,
        coalesce(
            profiles.first_name_normalized,
            case
                when profiles.last_name_normalized is null and not emails.is_crowded
                    then emails.main_first_name
            end
        ) as first_name,
        coalesce(
            profiles.last_name_normalized,
            case
                when profiles.first_name_normalized is null and not emails.is_crowded
                    then emails.main_last_name
            end
        ) as last_name,
        profiles.first_name_normalized is null
        and profiles.last_name_normalized is null as is_name_assumed,
        coalesce(emails.is_crowded, false) as is_email_crowded,
        coalesce(phones.is_crowded, false) as is_phone_crowded,
        coalesce(phones.surname_count, 0) as phone_surname_count

    from profiles
    left join guarded_identifiers as emails
        on
            profiles.email_normalized = emails.identifier_value
            and emails.identifier_type = 'email'
    left join guarded_identifiers as phones
        on
            profiles.phone_ending = phones.identifier_value
            and phones.identifier_type = 'phone'

),

final as (

    select
        named.*,
        totals.prior_bits,
        coalesce(first_names.bits, 6) as first_name_bits,
        coalesce(first_names.profile_count, 0) as first_name_count,
        coalesce(last_names.bits, 6) as last_name_bits,
        coalesce(last_names.profile_count, 0) as last_name_count,
        coalesce(postal_codes.bits, 0) as postal_code_bits,
        coalesce(cities.bits, 0) as city_bits,
        coalesce(domains.profile_count, 0) as email_domain_count,
        coalesce(full_names.profile_count, 1) as full_name_mailbox_count

    from named
    cross join totals
    left join frequencies as first_names
        on named.first_name = first_names.value and first_names.value_type = 'name'
    left join frequencies as last_names
        on named.last_name = last_names.value and last_names.value_type = 'name'
    left join frequencies as full_names
        on
            concat(named.first_name, ' ', named.last_name) = full_names.value
            and full_names.value_type = 'full_name'
    left join frequencies as postal_codes
        on
            named.postal_code_normalized = postal_codes.value
            and postal_codes.value_type = 'postal_code'
    left join frequencies as cities
        on named.city_normalized = cities.value and cities.value_type = 'city'
    left join frequencies as domains
        on named.email_domain = domains.value and domains.value_type = 'email_domain'

)

select * from final
