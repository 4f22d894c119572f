{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_unioned') }}

),

phone_countries as (

    select * from {{ ref('phone_countries') }}

),

dialled as (

    select
        *,
        upper(country_code) as phone_country_code,
        {{ dialled_number('phone') }} as dialled_number

    from records

),

-- Numbered by age, so that a component's lowest number is its earliest record and graph work runs on integers.
normalized as (

    select
        dialled.record_key,
        row_number() over (
            order by dialled.created_at asc nulls last, dialled.record_key asc nulls last
        ) as record_number,
        dialled.source_name,
        dialled.platform,
        dialled.record_type,
        dialled.record_id,
        dialled.email,
        {{ normalized_email('dialled.email') }} as email_normalized,
        dialled.phone,
        {{ phone_e164('dialled.dialled_number', 'phone_countries') }} as phone_e164,
        dialled.first_name,
        dialled.last_name,
        {{ normalized_name('dialled.first_name') }} as first_name_normalized,
        {{ normalized_name('dialled.last_name') }} as last_name_normalized,
        dialled.address_line,
        dialled.city,
        dialled.region,
        dialled.postal_code,
        dialled.country_code,
        dialled.created_at

    from dialled
    left join phone_countries on dialled.phone_country_code = phone_countries.country_code

)

select * from normalized
