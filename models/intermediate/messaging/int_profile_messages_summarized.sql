{{ config(materialized='table') }}

with

message_events as (

    select * from {{ ref('int_message_events_unioned') }}

),

flagged as (

    select
        record_key,
        channel,
        message_key,
        event_type,
        occurred_at,
        event_type = 'opened' and coalesce(is_machine_open, false) as is_machine_open,
        event_type = 'opened' and not coalesce(is_machine_open, false) as is_human_open,
        event_type = 'clicked' as is_click

    from message_events

),

-- Two levels in one pass over the largest table: opens and clicks stay apart by message and
-- day, since the same mail opened five times in an afternoon is one mail opened; everything
-- else collapses to the profile at once.
per_message_day as (

    select
        record_key,
        channel,
        case when is_human_open or is_click then message_key end as message_key,
        case when is_human_open or is_click then cast(occurred_at as date) end as engaged_on,

        count(*) filter (where event_type = 'sent') as sent_count,
        count(*) filter (where event_type = 'delivered') as delivered_count,
        count(*) filter (where event_type = 'bounced') as bounced_count,
        count(*) filter (where is_human_open) as opened_count,
        count(*) filter (where is_machine_open) as machine_opened_count,
        count(*) filter (where is_click) as clicked_count,
        count(*) filter (where event_type = 'unsubscribed') as unsubscribed_count,
        count(*) filter (where event_type = 'marked_spam') as marked_spam_count,

        max(occurred_at) filter (where event_type in ('sent', 'delivered')) as last_sent_at,
        max(occurred_at) filter (where event_type = 'delivered') as last_delivered_at,
        max(occurred_at) filter (where event_type = 'bounced') as last_bounced_at,
        max(occurred_at) filter (where is_human_open) as last_opened_at,
        max(occurred_at) filter (where is_click) as last_clicked_at,
        max(occurred_at) filter (where event_type = 'unsubscribed') as last_unsubscribed_at,
        max(occurred_at) filter (where event_type = 'marked_spam') as last_marked_spam_at

    from flagged

    group by 1, 2, 3, 4

),

summarized as (

    select
        record_key,
        channel,

        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(opened_count) as bigint) as opened_count,
        count(*) filter (where opened_count > 0) as message_opened_count,
        cast(sum(machine_opened_count) as bigint) as machine_opened_count,
        cast(sum(clicked_count) as bigint) as clicked_count,
        count(*) filter (where clicked_count > 0) as message_clicked_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count,
        cast(sum(marked_spam_count) as bigint) as marked_spam_count,

        max(last_sent_at) as last_sent_at,
        max(last_delivered_at) as last_delivered_at,
        max(last_bounced_at) as last_bounced_at,
        max(last_opened_at) as last_opened_at,
        max(last_clicked_at) as last_clicked_at,
        max(last_unsubscribed_at) as last_unsubscribed_at,
        max(last_marked_spam_at) as last_marked_spam_at

    from per_message_day

    group by 1, 2

)

select * from summarized
