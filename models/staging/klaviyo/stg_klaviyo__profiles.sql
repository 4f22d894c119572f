with

people as (

    select * from {{ source('klaviyo', 'person') }}

),

renamed as (

    select
        source_name,
        'klaviyo' as platform,
        {{ entity_key('profile', 'id') }} as record_key,
        id as profile_id,
        external_id,

        email,
        phone_number as phone,
        first_name,
        last_name,
        birth_date,
        nullif(concat_ws(' ', address_1, address_2), '') as address_line,
        city,
        region,
        zip as postal_code,
        -- Klaviyo keeps what the form sent: a code or a country's name in any language.
        case when length(trim(country)) = 2 then upper(trim(country)) end as country_code,
        timezone,

        created as created_at,
        _fivetran_synced as loaded_at

    from people

)

select * from renamed
