with

tickets as (

    select * from {{ ref('int_tickets_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

messages as (

    select * from {{ ref('int_ticket_messages_summarized') }}

),

statuses as (

    select * from {{ ref('int_ticket_statuses_summarized') }}

),

ratings as (

    select * from {{ ref('int_satisfaction_ratings_unioned') }}

),

joined as (

    select
        tickets.ticket_key,
        tickets.ticket_id,
        tickets.source_name,
        tickets.platform,
        customers.customer_key,
        tickets.agent_key,
        tickets.channel,
        tickets.topic,
        tickets.subject,
        tickets.status,
        tickets.priority,
        coalesce(tickets.status not in ('solved', 'closed', 'deleted'), true) as is_open,
        tickets.ticket_opened_at,
        messages.first_replied_at,
        statuses.first_solved_at,
        statuses.last_solved_at,
        coalesce(statuses.reopen_count, 0) as reopen_count,
        coalesce(messages.message_count, 0) as message_count,
        coalesce(messages.private_note_count, 0) as private_note_count,
        coalesce(messages.reply_count, 0) as reply_count,
        ratings.score as csat_score,
        ratings.is_satisfied as is_csat_satisfied,
        ratings.rated_at as csat_rated_at,
        tickets.loaded_at

    from tickets
    left join customers on tickets.record_key = customers.record_key
    left join messages on tickets.ticket_key = messages.ticket_key
    left join statuses on tickets.ticket_key = statuses.ticket_key
    left join ratings on tickets.ticket_key = ratings.ticket_key

),

final as (

    select
        ticket_key,
        ticket_id,
        source_name,
        platform,
        customer_key,
        agent_key,
        channel,
        topic,
        subject,
        status,
        priority,
        is_open,
        ticket_opened_at,
        {{ to_reporting_date('ticket_opened_at') }} as ticket_opened_date,
        first_replied_at,
        {{ minutes_between('ticket_opened_at', 'first_replied_at') }} as first_reply_minutes,
        first_solved_at,
        case when not is_open then last_solved_at end as solved_at,
        case
            when not is_open
                then {{ minutes_between('ticket_opened_at', 'last_solved_at') }}
        end as resolution_minutes,
        reopen_count,
        message_count,
        private_note_count,
        reply_count,
        csat_score,
        is_csat_satisfied,
        csat_rated_at,
        loaded_at

    from joined

)

select * from final
