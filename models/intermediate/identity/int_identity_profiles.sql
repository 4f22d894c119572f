{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

blocked_identifiers as (

    select * from {{ ref('blocked_identifiers') }}

),

contents as (

    select
        min(node_id) as profile_id,
        count(*) as record_count

    from records

    group by content_hash

),

described as (

    select
        contents.profile_id,
        contents.record_count,
        records.record_type in ('order', 'checkout') as is_order,
        records.source_name,
        records.record_type,
        records.email_normalized,
        split_part(records.email_normalized, '@', 1) as mailbox,
        split_part(records.email_normalized, '@', 2) as email_domain,
        records.phone_e164,
        records.phone_ending,
        records.first_name_normalized,
        records.last_name_normalized,
        records.birth_date_digits,
        records.street_normalized,
        records.house_number,
        records.postal_code_normalized,
        records.city_normalized,
        records.customer_number,
        records.national_id_normalized

    from contents
    inner join records on contents.profile_id = records.node_id

),

-- Two shops may both have a customer 1001: such a number names nobody.
ambiguous_numbers as (

    select customer_number

    from records

    where record_type = 'customer'

    group by customer_number

    having count(distinct source_name) > 1

),

-- A blocked value is not heard; the rest of the record is.
blocked as (

    select
        described.*,
        coalesce(
            blocked_emails.identifier_value,
            blocked_mailboxes.identifier_value,
            blocked_domains.identifier_value
        ) is not null as is_email_blocked,
        blocked_phones.identifier_value is not null as is_phone_blocked,
        blocked_first_names.identifier_value is not null as is_first_name_blocked,
        blocked_last_names.identifier_value is not null as is_last_name_blocked,
        ambiguous_numbers.customer_number is not null as is_number_ambiguous

    from described
    {% for alias, column, identifier_type in [
        ('blocked_emails', 'email_normalized', 'email'),
        ('blocked_mailboxes', 'mailbox', 'email_local_part'),
        ('blocked_domains', 'email_domain', 'email_domain'),
        ('blocked_phones', 'phone_e164', 'phone'),
        ('blocked_first_names', 'first_name_normalized', 'name'),
        ('blocked_last_names', 'last_name_normalized', 'name'),
    ] %}
        left join blocked_identifiers as {{ alias }}
            on
                described.{{ column }} = {{ alias }}.identifier_value
                and {{ alias }}.identifier_type = '{{ identifier_type }}'
    {% endfor %}
    left join ambiguous_numbers
        on described.customer_number = ambiguous_numbers.customer_number

),

final as (

    select
        profile_id,
        record_count,
        is_order,
        source_name,
        record_type,
        case when not is_email_blocked then email_normalized end as email_normalized,
        case when not is_email_blocked then mailbox end as mailbox,
        case
            when not is_email_blocked
                then nullif({{ regexp_replace_all('mailbox', '[^0-9]+', '') }}, '')
        end as mailbox_digits,
        case when not is_email_blocked then email_domain end as email_domain,
        case when not is_phone_blocked then phone_e164 end as phone_e164,
        case when not is_phone_blocked then phone_ending end as phone_ending,
        case
            when not is_first_name_blocked and not {{ is_company_name('first_name_normalized') }}
                then first_name_normalized
        end as first_name_normalized,
        case
            when not is_last_name_blocked and not {{ is_company_name('last_name_normalized') }}
                then last_name_normalized
        end as last_name_normalized,
        birth_date_digits,
        street_normalized,
        house_number,
        postal_code_normalized,
        city_normalized,
        case when not is_number_ambiguous then customer_number end as customer_number,
        national_id_normalized

    from blocked

)

select * from final
