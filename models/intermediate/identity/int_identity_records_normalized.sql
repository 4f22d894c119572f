{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_unioned') }}

),

phone_countries as (

    select * from {{ ref('phone_countries') }}

),

cleaned as (

    select
        record_key,
        source_name,
        platform,
        record_type,
        record_id,
        lower(trim(email)) as email_address,
        {{ dialled_number('phone') }} as dialled_number,
        upper(country_code) as phone_country_code,
        {{ normalized_name('first_name') }} as first_name_normalized,
        {{ normalized_name('last_name') }} as last_name_normalized,
        created_at

    from records

),

normalized as (

    select
        cleaned.record_key,
        {{ hashed_id('cleaned.record_key') }} as node_id,
        cleaned.source_name,
        cleaned.platform,
        cleaned.record_type,
        cleaned.record_id,
        {{ normalized_email('cleaned.email_address') }} as email_normalized,
        {{ phone_e164('cleaned.dialled_number', 'phone_countries') }} as phone_e164,
        cleaned.first_name_normalized,
        cleaned.last_name_normalized,
        cleaned.created_at

    from cleaned
    left join phone_countries on cleaned.phone_country_code = phone_countries.country_code

)

select * from normalized
