with

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

emails as (

    select
        record_key,
        node_id,
        'email' as identifier_type,
        email_normalized as identifier_value,
        first_name_normalized,
        last_name_normalized

    from records

    where email_normalized is not null

),

phones as (

    select
        record_key,
        node_id,
        'phone' as identifier_type,
        phone_e164 as identifier_value,
        first_name_normalized,
        last_name_normalized

    from records

    where phone_e164 is not null

),

unioned as (

    select * from emails
    union all
    select * from phones

)

select * from unioned
