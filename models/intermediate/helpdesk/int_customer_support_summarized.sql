with

tickets as (

    select * from {{ ref('tickets') }}

),

sentiments as (

    select * from {{ ref('int_ticket_sentiments_summarized') }}

),

-- Platforms name dozens of ways in; what matters is whether people write, chat or call.
joined as (

    select
        tickets.*,
        case
            when tickets.channel in ('email', 'mail') then 'email'
            when tickets.channel in ('web', 'web_service', 'web_widget', 'help_center', 'mobile')
                then 'web'
            when
                tickets.channel in (
                    'chat', 'native_messaging', 'messaging', 'whatsapp', 'sms', 'line', 'viber'
                )
                then 'chat'
            when tickets.channel in ('voice', 'phone', 'voicemail') then 'phone'
            when
                tickets.channel in (
                    'facebook', 'twitter', 'instagram', 'instagram_dm', 'any_channel'
                )
                then 'social'
            else 'other'
        end as channel_group,
        sentiments.scored_message_count,
        sentiments.sentiment_score_sum,
        sentiments.angry_message_count,
        sentiments.disappointed_message_count,
        sentiments.last_sentiment_score,
        sentiments.last_scored_at,
        max(sentiments.last_scored_at) over (partition by tickets.customer_key)
            as customer_last_scored_at,
        max(tickets.ticket_opened_at) over (partition by tickets.customer_key)
            as customer_last_opened_at

    from tickets
    left join sentiments on tickets.ticket_key = sentiments.ticket_key

    where tickets.customer_key is not null

),

summarized as (

    select
        customer_key,

        count(*) as ticket_count,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where status in ('pending', 'hold')) as pending_ticket_count,
        count(*) filter (where status in ('solved', 'closed')) as solved_ticket_count,
        count(*) filter (where reopen_count > 0) as reopened_ticket_count,
        count(*) filter (where channel_group = 'email') as email_ticket_count,
        count(*) filter (where channel_group = 'web') as web_ticket_count,
        count(*) filter (where channel_group = 'chat') as chat_ticket_count,
        count(*) filter (where channel_group = 'phone') as phone_ticket_count,
        count(*) filter (where channel_group = 'social') as social_ticket_count,
        count(*) filter (where channel_group = 'other') as other_ticket_count,
        max(channel_group) filter (
            where ticket_opened_at = customer_last_opened_at
        ) as last_ticket_channel,
        cast(sum(message_count) as bigint) as support_message_count,

        min(ticket_opened_at) as first_ticket_opened_at,
        max(ticket_opened_at) as last_ticket_opened_at,
        min(ticket_opened_at) filter (where is_open) as oldest_open_ticket_opened_at,

        -- Averages over the tickets that have the figure, from sums: never averages of averages.
        count(first_reply_minutes) as replied_ticket_count,
        cast(sum(first_reply_minutes) as double) as first_reply_minutes,
        count(resolution_minutes) as resolved_ticket_count,
        cast(sum(resolution_minutes) as double) as resolution_minutes,

        count(is_csat_satisfied) as csat_count,
        count(*) filter (where is_csat_satisfied) as satisfied_csat_count,
        max(csat_rated_at) as last_csat_rated_at,
        max(csat_rated_at) filter (where not is_csat_satisfied) as last_bad_csat_rated_at,

        sum(scored_message_count) as scored_message_count,
        sum(sentiment_score_sum) as sentiment_score_sum,
        sum(angry_message_count) as angry_message_count,
        sum(disappointed_message_count) as disappointed_message_count,
        max(last_scored_at) as last_scored_at,
        min(last_sentiment_score) filter (
            where last_scored_at = customer_last_scored_at
        ) as last_sentiment_score

    from joined

    group by customer_key

),

final as (

    select
        customer_key,
        ticket_count,
        open_ticket_count,
        pending_ticket_count,
        solved_ticket_count,
        reopened_ticket_count,
        email_ticket_count,
        web_ticket_count,
        chat_ticket_count,
        phone_ticket_count,
        social_ticket_count,
        other_ticket_count,
        last_ticket_channel,
        support_message_count,
        first_ticket_opened_at,
        last_ticket_opened_at,
        oldest_open_ticket_opened_at,
        round(first_reply_minutes / nullif(replied_ticket_count, 0), 2)
            as average_first_reply_minutes,
        round(resolution_minutes / nullif(resolved_ticket_count, 0), 2)
            as average_resolution_minutes,
        csat_count,
        satisfied_csat_count,
        round(cast(satisfied_csat_count as double) / nullif(csat_count, 0), 6) as csat_rate,
        last_csat_rated_at,
        -- Two ratings at the same moment: the bad one is the one to act on.
        coalesce(last_bad_csat_rated_at = last_csat_rated_at, false) as is_last_csat_bad,
        round(
            cast(sentiment_score_sum as double)
            / nullif(cast(scored_message_count as double), 0e0), 4
        ) as average_sentiment_score,
        cast(last_sentiment_score as double) as last_sentiment_score,
        last_scored_at as last_sentiment_at,
        cast(coalesce(angry_message_count, 0) as bigint) as angry_message_count,
        cast(coalesce(disappointed_message_count, 0) as bigint) as disappointed_message_count

    from summarized

)

select * from final
