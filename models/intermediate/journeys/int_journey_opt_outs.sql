with

message_events as (

    select * from {{ ref('int_message_events_unioned') }}

),

consents as (

    select * from {{ ref('int_consents_unioned') }}

),

shop_customers as (

    select * from {{ ref('int_customers_unioned') }}

),

identifiers as (

    select * from {{ ref('customer_identifiers') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

refused as (

    select
        record_key,
        channel,
        event_type,
        occurred_at

    from message_events

    where
        event_type in ('unsubscribed', 'marked_spam', 'bounced')
        and coalesce(bounce_type, 'hard') = 'hard'

    union all

    select
        record_key,
        channel,
        consent_status as event_type,
        changed_at as occurred_at

    from consents

    where consent_status in ('unsubscribed', 'suppressed')

    union all

    select
        record_key,
        'email' as channel,
        email_consent_status as event_type,
        email_consent_at as occurred_at

    from shop_customers

    where email_consent_status = 'unsubscribed'

),

-- What has no time may be of this moment.
recent as (

    select
        refused.record_key,
        refused.channel,
        refused.event_type,
        coalesce(refused.occurred_at, run_context.as_of_at) as occurred_at

    from refused
    cross join run_context

    where
        refused.occurred_at > {{ fresh_from('run_context.as_of_at') }}
        or refused.occurred_at is null

),

summarized as (

    select
        identifiers.customer_key,
        recent.channel,
        max(recent.occurred_at) as opted_out_at,
        max(recent.occurred_at) filter (
            where recent.event_type != 'unsubscribed'
        ) as unreachable_at

    from recent
    inner join identifiers on recent.record_key = identifiers.record_key

    group by identifiers.customer_key, recent.channel

)

select * from summarized
