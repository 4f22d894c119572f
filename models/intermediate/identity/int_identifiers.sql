with

profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

emails as (

    select
        profile_id,
        'email' as identifier_type,
        email_normalized as identifier_value,
        first_name_normalized,
        last_name_normalized,
        record_count

    from profiles

    where email_normalized is not null

),

phones as (

    select
        profile_id,
        'phone' as identifier_type,
        phone_ending as identifier_value,
        first_name_normalized,
        last_name_normalized,
        record_count

    from profiles

    where phone_ending is not null

),

unioned as (

    select * from emails
    union all
    select * from phones

)

select * from unioned
