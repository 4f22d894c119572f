{# What receivers get of a customer: a change of anything here changes the row's hash. #}
{% set attributes = [
    'country_code', 'language_code', 'lifecycle_stage', 'rfm_group', 'loyalty_tier', 'churn_risk_band',
    'segment_keys', 'order_count', 'net_amount', 'first_purchase_date', 'last_purchase_date',
    'predicted_amount', 'total_value_amount', 'churn_probability'
] %}
{% set contacts = [
    'email', 'email_sha256_meta', 'email_sha256_google',
    'phone', 'phone_sha256_meta', 'phone_sha256_google'
] %}

with

customers as (

    select * from {{ ref('customer_360') }}

),

resolved as (

    select * from {{ ref('int_customers_resolved') }}

),

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

published as (

    select * from {{ source('published_state', 'audience_exports') }}

),

versions as (

    select count(*) as version_count

    from {{ source('published_state', 'versions') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- What a channel may not be used for does not leave the house. The consent that was resolved says
-- so already; that nothing forbids it is asked again, since this is the door.
consented as (

    select
        customers.*,
        case
            when
                is_email_contactable
                and not is_email_suppressed
                and not is_email_bounced
                and not has_marked_email_spam
                then lower(trim(email))
        end as email_address,
        case
            when
                is_sms_contactable
                and not is_sms_suppressed
                and not is_sms_bounced
                then phone
        end as phone_typed

    from customers

),

-- The number of the customer's record that gave it, by the rules of that record's country.
phones as (

    select
        consented.customer_key,
        min(records.phone_e164) as phone_e164

    from consented
    inner join resolved on consented.customer_key = resolved.customer_key
    inner join records
        on
            resolved.node_id = records.node_id
            and consented.phone_typed = records.phone

    where consented.phone_typed is not null

    group by consented.customer_key

),

addressed as (

    select
        consented.customer_key,
        case
            when {{ normalized_email('consented.email_address') }} is not null then email_address
        end as email,
        phones.phone_e164 as phone,
        consented.country_code,
        consented.language_code,
        consented.lifecycle_stage,
        consented.rfm_group,
        consented.loyalty_tier,
        consented.churn_risk_band,
        consented.segment_keys,
        consented.order_count,
        cast(consented.net_amount as decimal(18, 2)) as net_amount,
        consented.first_purchase_date,
        consented.last_purchase_date,
        -- Scores move a little for everybody every night: what nobody would act on is not sent.
        cast(
            {{ round_significant('cast(consented.predicted_revenue as double)', 2) }}
            as decimal(18, 2)
        ) as predicted_amount,
        cast(
            {{ round_significant('cast(consented.total_value as double)', 2) }}
            as decimal(18, 2)
        ) as total_value_amount,
        cast(round(consented.churn_probability, 2) as decimal(4, 2)) as churn_probability

    from consented
    left join phones on consented.customer_key = phones.customer_key

),

hashed as (

    select
        *,
        {{ sha256_hex('email') }} as email_sha256_meta,
        {{ sha256_hex(google_email('email')) }} as email_sha256_google,
        {{ sha256_hex("replace(phone, '+', '')") }} as phone_sha256_meta,
        {{ sha256_hex('phone') }} as phone_sha256_google

    from addressed

    where
        email is not null
        or phone is not null

),

current_rows as (

    select
        *,
        {{ hashed_row(contacts + attributes) }} as row_hash

    from hashed

),

-- All hashes are of one address: that of the row that changed last.
last_seen as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by changed_at desc, version desc
        ) as recency_rank

    from published

),

-- After a rollback a receiver may have seen any of several versions last: a row is unchanged only
-- if all of them have it so.
seen as (

    select
        customer_key,
        count(*) as seen_count,
        count(*) filter (where is_removed) as removed_count,
        min(row_hash) filter (where not is_removed) as first_row_hash,
        max(row_hash) filter (where not is_removed) as last_row_hash,
        max(changed_at) as changed_at,
        max(email_sha256_meta) filter (where recency_rank = 1) as email_sha256_meta,
        max(email_sha256_google) filter (where recency_rank = 1) as email_sha256_google,
        max(phone_sha256_meta) filter (where recency_rank = 1) as phone_sha256_meta,
        max(phone_sha256_google) filter (where recency_rank = 1) as phone_sha256_google

    from last_seen

    group by customer_key

),

kept as (

    select
        current_rows.customer_key,
        {% for column in contacts + attributes %}
            current_rows.{{ column }},
        {% endfor %}
        false as is_removed,
        current_rows.row_hash,
        case
            when
                seen.seen_count = versions.version_count
                and seen.removed_count = 0
                and seen.first_row_hash = current_rows.row_hash
                and seen.last_row_hash = current_rows.row_hash
                then seen.changed_at
            else run_context.as_of_at
        end as changed_at

    from current_rows
    cross join versions
    cross join run_context
    left join seen on current_rows.customer_key = seen.customer_key

),

-- Who left keeps the hashes that receivers delete by, and nothing else.
removed as (

    select
        seen.customer_key,
        seen.email_sha256_meta,
        seen.email_sha256_google,
        seen.phone_sha256_meta,
        seen.phone_sha256_google,
        case
            when seen.removed_count = seen.seen_count then seen.changed_at
            else run_context.as_of_at
        end as changed_at

    from seen
    cross join run_context
    left join current_rows on seen.customer_key = current_rows.customer_key

    where current_rows.customer_key is null

),

removed_recently as (

    select
        removed.customer_key,
        cast(null as {{ dbt.type_string() }}) as email,
        removed.email_sha256_meta,
        removed.email_sha256_google,
        cast(null as {{ dbt.type_string() }}) as phone,
        removed.phone_sha256_meta,
        removed.phone_sha256_google,
        {% for column in attributes %}
            null as {{ column }},
        {% endfor %}
        true as is_removed,
        md5('removed') as row_hash,
        removed.changed_at

    from removed
    cross join run_context

    where
        {{ days_between(to_reporting_date('removed.changed_at'), 'run_context.as_of_date') }}
        <= {{ var('audience_removed_days') }}

),

unioned as (

    select * from kept
    union all
    select * from removed_recently

),

final as (

    select
        unioned.customer_key,
        unioned.customer_key as external_id,
        {% for column in contacts + attributes %}
            unioned.{{ column }},
        {% endfor %}
        case when unioned.net_amount is not null then run_context.reporting_currency_code end
            as currency_code,
        unioned.is_removed,
        unioned.row_hash,
        unioned.changed_at,
        run_context.as_of_date as as_of

    from unioned
    cross join run_context

)

select * from final
