with

people as (

    select * from {{ source('klaviyo', 'person') }}

),

country_names as (

    select * from {{ ref('country_names') }}

),

joined as (

    select
        people.source_name,
        'klaviyo' as platform,
        {{ entity_key('profile', 'people.id', 'people.source_name') }} as record_key,
        people.id as profile_id,
        people.external_id,

        people.email,
        people.phone_number as phone,
        people.first_name,
        people.last_name,
        people.birthday,
        nullif(concat_ws(' ', people.address_1, people.address_2), '') as address_line,
        people.city,
        people.region,
        people.zip as postal_code,
        -- Klaviyo keeps what the form sent: a code or a country's name in any language.
        case
            when length(trim(people.country)) = 2 then upper(trim(people.country))
            else country_names.country_code
        end as country_code,
        people.timezone,
        people.locale,

        -- A property that anything may be written into: what is no possible day of birth is none.
        case
            when
                year(try_cast(people.birthday as date)) >= 1900
                and try_cast(people.birthday as date) < cast(people.created as date)
                then try_cast(people.birthday as date)
        end as birth_date,
        people.created as created_at,
        people._fivetran_synced as loaded_at

    from people

    left join country_names on lower(trim(people.country)) = country_names.country_name

)

select * from joined
