with

people as (

    select * from {{ source('klaviyo', 'person') }}

),

country_names as (

    select * from {{ ref('country_names') }}

),

parted as (

    select
        *,
        {{ birth_date_parts('birthday') }}

    from people

),

dated as (

    select
        *,
        {{ birth_date() }} as birth_date

    from parted

),

joined as (

    select
        dated.source_name,
        'klaviyo' as platform,
        {{ entity_key('profile', 'dated.id', 'dated.source_name') }} as record_key,
        dated.id as profile_id,
        dated.external_id,

        dated.email,
        dated.phone_number as phone,
        dated.first_name,
        dated.last_name,
        dated.birthday,
        nullif(concat_ws(' ', dated.address_1, dated.address_2), '') as address_line,
        dated.city,
        dated.region,
        dated.zip as postal_code,
        -- Klaviyo keeps what the form sent: a code or a country's name in any language.
        case
            when length(trim(dated.country)) = 2 then upper(trim(dated.country))
            else country_names.country_code
        end as country_code,
        dated.timezone,
        dated.locale,

        -- A property that anything may be written into: what is no possible day of birth is none.
        case
            when
                year(dated.birth_date) >= 1900
                and dated.birth_date < cast(dated.created as date)
                then dated.birth_date
        end as birth_date,
        dated.created as created_at,
        dated._fivetran_synced as loaded_at

    from dated

    left join country_names on lower(trim(dated.country)) = country_names.country_name

)

select * from joined
