with

-- No body: scores and times are all that is needed here.
messages as (

    select
        ticket_message_key,
        ticket_key,
        sent_at

    from {{ ref('int_ticket_messages_unioned') }}

),

sentiments as (

    select * from {{ source('pipeline', 'message_sentiments') }}

),

scored as (

    select
        messages.ticket_key,
        messages.sent_at,
        max(messages.sent_at) over (partition by messages.ticket_key) as last_scored_at,
        cast(sentiments.sentiment_score as decimal(18, 4)) as sentiment_score,
        sentiments.is_angry,
        sentiments.is_disappointed

    from messages
    inner join sentiments on messages.ticket_message_key = sentiments.ticket_message_key

    where sentiments.sentiment_score is not null

),

summarized as (

    select
        ticket_key,
        count(*) as scored_message_count,
        cast(sum(sentiment_score) as decimal(18, 4)) as sentiment_score_sum,
        count(*) filter (where is_angry) as angry_message_count,
        count(*) filter (where is_disappointed) as disappointed_message_count,
        max(sent_at) as last_scored_at,
        -- Two messages at the same moment: the worse one is the one to act on.
        min(sentiment_score) filter (where sent_at = last_scored_at) as last_sentiment_score,
        max(sent_at) filter (where is_angry) as last_angry_at,
        max(sent_at) filter (where is_disappointed) as last_disappointed_at

    from scored

    group by ticket_key

)

select * from summarized
