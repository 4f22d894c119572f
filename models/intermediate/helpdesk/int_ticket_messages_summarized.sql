with

tickets as (

    select * from {{ ref('int_tickets_unioned') }}

),

-- No body: the text of every message is far wider than what is counted here.
ticket_messages as (

    select
        ticket_key,
        author_type,
        is_public,
        sent_at

    from {{ ref('int_ticket_messages_unioned') }}

),

joined as (

    select
        ticket_messages.*,
        -- A ticket that an agent opens for a customer begins with the agent's words: no reply.
        ticket_messages.author_type = 'agent'
        and ticket_messages.is_public
        and ticket_messages.sent_at > tickets.ticket_opened_at as is_reply

    from ticket_messages
    inner join tickets on ticket_messages.ticket_key = tickets.ticket_key

),

summarized as (

    select
        ticket_key,
        count(*) filter (where is_public) as message_count,
        count(*) filter (where not is_public) as private_note_count,
        count(*) filter (where is_reply) as reply_count,
        min(sent_at) filter (where is_reply) as first_replied_at

    from joined

    group by 1

)

select * from summarized
