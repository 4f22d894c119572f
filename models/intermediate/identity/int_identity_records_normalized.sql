{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_unioned') }}

),

phone_countries as (

    select * from {{ ref('phone_countries') }}

),

-- Numbered before anything else is computed: the numbering works in order, and with all columns in
-- tow it takes a third of the model's time.
cleaned as (

    select
        record_key,
        {{ any_row_number() }} as node_id,
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
        city,
        region,
        postal_code,
        upper(country_code) as country_code,
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
        cleaned.first_name,
        cleaned.first_name_normalized,
        cleaned.last_name,
        cleaned.last_name_normalized,
        cleaned.city,
        cleaned.region,
        cleaned.postal_code,
        cleaned.country_code,
        cleaned.created_at

    from cleaned
    left join phone_countries on cleaned.country_code = phone_countries.country_code

)

select * from normalized
