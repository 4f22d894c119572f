with

message_events as (

    select * from {{ ref('int_message_events_unioned') }}

),

identifiers as (

    select * from {{ ref('customer_identifiers') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

recent as (

    select
        message_events.record_key,
        message_events.channel,
        message_events.event_type,
        message_events.occurred_at

    from message_events
    cross join run_context

    where
        message_events.event_type in ('unsubscribed', 'marked_spam', 'bounced')
        and coalesce(message_events.bounce_type, 'hard') = 'hard'
        and message_events.occurred_at > {{ fresh_from('run_context.as_of_at') }}

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
