with

message_events as (

    select
        message_key,
        variation_id,
        channel,
        record_key,
        case
            when event_type = 'opened' and is_machine_open then 'machine_opened'
            else event_type
        end as event_type,
        {{ to_reporting_date('occurred_at') }} as event_date

    from {{ ref('int_message_events_unioned') }}

    -- Joining a list is no answer to a message.
    where event_type != 'subscribed'

),

messages as (

    select
        message_key,
        message_type

    from {{ ref('int_messages_unioned') }}

),

-- One pass over the largest table; only openers and clickers need to be told apart.
per_recipient as (

    select
        message_key,
        variation_id,
        channel,
        event_type,
        event_date,
        case when event_type in ('opened', 'clicked') then record_key end as record_key,
        count(*) as event_count

    from message_events

    group by 1, 2, 3, 4, 5, 6

),

-- A campaign reaches a recipient once: the second day of looking at it is not another opener.
-- A flow writes again, and each day stands for itself.
per_opener as (

    select
        per_recipient.message_key,
        per_recipient.variation_id,
        per_recipient.channel,
        per_recipient.event_type,
        per_recipient.record_key,
        case
            when messages.message_type = 'campaign' then null
            else per_recipient.event_date
        end as flow_date,
        min(per_recipient.event_date) as event_date,
        1 as event_count

    from per_recipient
    left join messages on per_recipient.message_key = messages.message_key

    where per_recipient.record_key is not null

    group by 1, 2, 3, 4, 5, 6

),

counted as (

    select
        message_key,
        variation_id,
        channel,
        event_type,
        event_date,
        event_count

    from per_opener

    union all

    select
        message_key,
        variation_id,
        channel,
        event_type,
        event_date,
        event_count

    from per_recipient

    where record_key is null

),

summarized as (

    select
        message_key,
        variation_id,
        channel,
        event_date,
        sum(event_count) filter (where event_type = 'delivered') as delivered_count,
        sum(event_count) filter (where event_type = 'bounced') as bounced_count,
        sum(event_count) filter (where event_type = 'opened') as opener_count,
        sum(event_count) filter (where event_type = 'machine_opened') as machine_opened_count,
        sum(event_count) filter (where event_type = 'clicked') as clicker_count,
        sum(event_count) filter (where event_type = 'unsubscribed') as unsubscribed_count,
        sum(event_count) filter (where event_type = 'marked_spam') as marked_spam_count

    from counted

    group by 1, 2, 3, 4

),

final as (

    select
        coalesce(message_key, 'no_message')
        || ':' || coalesce(variation_id, 'no_variation')
        || ':' || channel
        || ':' || cast(event_date as {{ dbt.type_string() }}) as message_day_key,
        message_key,
        variation_id,
        channel,
        event_date,
        cast(coalesce(delivered_count, 0) as bigint) as delivered_count,
        cast(coalesce(bounced_count, 0) as bigint) as bounced_count,
        cast(coalesce(opener_count, 0) as bigint) as opener_count,
        cast(coalesce(machine_opened_count, 0) as bigint) as machine_opened_count,
        cast(coalesce(clicker_count, 0) as bigint) as clicker_count,
        cast(coalesce(unsubscribed_count, 0) as bigint) as unsubscribed_count,
        cast(coalesce(marked_spam_count, 0) as bigint) as marked_spam_count

    from summarized

)

select * from final
