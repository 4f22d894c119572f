{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_unioned') }}

),

phone_countries as (

    select * from {{ ref('phone_countries') }}

),

-- Numbered by key: which of two equal profiles speaks for both, and from which side a pair is
-- looked at, goes by these numbers, and every build has to decide alike.
cleaned as (

    select
        record_key,
        row_number() over (order by record_key asc) as node_id,
        source_name,
        platform,
        record_type,
        record_id,
        email,
        lower(trim(email)) as email_address,
        phone,
        {{ dialled_number('phone') }} as dialled_number,
        first_name,
        {{ normalized_name('first_name') }} as first_name_normalized,
        last_name,
        {{ normalized_name('last_name') }} as last_name_normalized,
        address_line,
        {{ without_leading_flat('address_line') }} as house_line,
        city,
        region,
        postal_code,
        upper(country_code) as country_code,
        customer_number,
        birth_date,
        national_id,
        created_at

    from records

),

normalized as (

    select
        cleaned.record_key,
        cleaned.node_id,
        cleaned.source_name,
        cleaned.platform,
        cleaned.record_type,
        cleaned.record_id,
        cleaned.email,
        {{ normalized_email('cleaned.email_address') }} as email_normalized,
        cleaned.phone,
        {{ phone_e164('cleaned.dialled_number', 'phone_countries') }} as phone_e164,
        case
            when length(cleaned.dialled_number) >= 8 then right(cleaned.dialled_number, 8)
        end as phone_ending,
        cleaned.first_name,
        -- `J. R.` is what `J.` is.
        case
            when cleaned.first_name like '_.%' and length(cleaned.first_name_normalized) <= 3
                then substring(cleaned.first_name_normalized, 1, 1)
            else cleaned.first_name_normalized
        end as first_name_normalized,
        cleaned.last_name,
        cleaned.last_name_normalized,
        cleaned.address_line,
        {{ street_name('cleaned.house_line') }} as street_normalized,
        {{ house_number('cleaned.house_line') }} as house_number,
        cleaned.city,
        {{ normalized_name('cleaned.city') }} as city_normalized,
        cleaned.region,
        cleaned.postal_code,
        nullif({{ regexp_replace_all('lower(cleaned.postal_code)', '[^a-z0-9]+', '') }}, '')
            as postal_code_normalized,
        cleaned.country_code,
        nullif(trim(cleaned.customer_number), '') as customer_number,
        {{ birth_date_digits('cleaned.birth_date') }} as birth_date_digits,
        nullif({{ regexp_replace_all('lower(cleaned.national_id)', '[^a-z0-9]+', '') }}, '')
            as national_id_normalized,
        cleaned.created_at

    from cleaned
    left join phone_countries on cleaned.country_code = phone_countries.country_code

),

-- What identity compares, as one value: records that say the same are compared once.
final as (

    select
        *,
        md5(
            concat_ws(
                '|',
                case when record_type in ('order', 'checkout') then 'order' end,
                coalesce(email_normalized, ''),
                coalesce(phone_e164, phone_ending, ''),
                coalesce(first_name_normalized, ''),
                coalesce(last_name_normalized, ''),
                coalesce(birth_date_digits, ''),
                coalesce(street_normalized, ''),
                coalesce(house_number, ''),
                coalesce(postal_code_normalized, ''),
                coalesce(city_normalized, ''),
                coalesce(customer_number, ''),
                coalesce(national_id_normalized, '')
            )
        ) as content_hash

    from normalized

)

select * from final
