{{ config(materialized='table') }}

with

message_events as (

    select
        record_key,
        channel,
        message_key,
        occurred_at,
        case
            when event_type = 'opened' and is_machine_open then 'machine_opened'
            when event_type = 'bounced' and bounce_type = 'soft' then 'soft_bounced'
            else event_type
        end as event_type

    from {{ ref('int_message_events_unioned') }}

),

-- The largest table shrinks to a few rows per profile with two aggregates, instead of one
-- aggregate per figure on every row. Opens and clicks stay apart by message and day: the same
-- mail opened five times in an afternoon is one mail opened.
per_event_type as (

    select
        record_key,
        channel,
        event_type,
        case when event_type in ('opened', 'clicked') then message_key end as message_key,
        case
            when event_type in ('opened', 'clicked') then cast(occurred_at as date)
        end as engaged_on,
        count(*) as event_count,
        min(occurred_at) as first_occurred_at,
        max(occurred_at) as last_occurred_at

    from message_events

    group by 1, 2, 3, 4, 5

),

-- Responses are hours on the face of a clock, each an arrow of length 1000 in whole numbers, whose
-- sum does not depend on the order: 23 h and 1 h are near each other and their mean is midnight.
responded as (

    select
        *,
        case
            when event_type in ('opened', 'clicked')
                then hour({{ to_reporting_time('first_occurred_at') }})
        end as response_hour

    from per_event_type

),

summarized as (

    select
        record_key,
        channel,

        sum(event_count) filter (where event_type = 'sent') as sent_count,
        sum(event_count) filter (where event_type = 'delivered') as delivered_count,
        sum(event_count) filter (where event_type = 'bounced') as hard_bounced_count,
        sum(event_count) filter (where event_type = 'soft_bounced') as soft_bounced_count,
        sum(event_count) filter (where event_type = 'opened') as opened_count,
        sum(event_count) filter (where event_type = 'machine_opened') as machine_opened_count,
        sum(event_count) filter (where event_type = 'clicked') as clicked_count,
        sum(event_count) filter (where event_type = 'unsubscribed') as unsubscribed_count,
        sum(event_count) filter (where event_type = 'marked_spam') as marked_spam_count,
        count(*) filter (where event_type = 'opened') as message_opened_count,
        count(*) filter (where event_type = 'clicked') as message_clicked_count,
        sum({{ clock_arrow('cos', 'response_hour') }}) as response_cosine,
        sum({{ clock_arrow('sin', 'response_hour') }}) as response_sine,

        max(last_occurred_at) filter (
            where event_type in ('sent', 'delivered')
        ) as last_sent_at,
        max(last_occurred_at) filter (where event_type = 'delivered') as last_delivered_at,
        max(last_occurred_at) filter (where event_type = 'bounced') as last_hard_bounced_at,
        max(last_occurred_at) filter (where event_type = 'opened') as last_opened_at,
        max(last_occurred_at) filter (where event_type = 'clicked') as last_clicked_at,
        max(last_occurred_at) filter (where event_type = 'unsubscribed') as last_unsubscribed_at,
        max(last_occurred_at) filter (where event_type = 'marked_spam') as last_marked_spam_at

    from responded

    group by 1, 2

),

final as (

    select
        record_key,
        channel,
        cast(coalesce(sent_count, 0) as bigint) as sent_count,
        cast(coalesce(delivered_count, 0) as bigint) as delivered_count,
        cast(coalesce(hard_bounced_count, 0) as bigint) as hard_bounced_count,
        cast(coalesce(soft_bounced_count, 0) as bigint) as soft_bounced_count,
        cast(coalesce(opened_count, 0) as bigint) as opened_count,
        cast(coalesce(machine_opened_count, 0) as bigint) as machine_opened_count,
        cast(coalesce(clicked_count, 0) as bigint) as clicked_count,
        cast(coalesce(unsubscribed_count, 0) as bigint) as unsubscribed_count,
        cast(coalesce(marked_spam_count, 0) as bigint) as marked_spam_count,
        message_opened_count,
        message_clicked_count,
        cast(coalesce(response_cosine, 0) as bigint) as response_cosine,
        cast(coalesce(response_sine, 0) as bigint) as response_sine,
        last_sent_at,
        last_delivered_at,
        last_hard_bounced_at,
        last_opened_at,
        last_clicked_at,
        last_unsubscribed_at,
        last_marked_spam_at

    from summarized

)

select * from final
