with

comments as (

    select * from {{ source('zendesk', 'ticket_comment') }}

),

tickets as (

    select * from {{ source('zendesk', 'ticket') }}

),

users as (

    select * from {{ source('zendesk', 'user') }}

),

joined as (

    select
        comments.source_name,
        'zendesk' as platform,
        {{ entity_key('ticket_message', 'comments.id', 'comments.source_name') }}
            as ticket_message_key,
        {{ entity_key('ticket', 'comments.ticket_id', 'comments.source_name') }} as ticket_key,

        -- An agent who writes in on his own ticket is that ticket's customer.
        case
            when comments.user_id = tickets.requester_id then 'customer'
            when coalesce(lower(users.role), 'end-user') = 'end-user' then 'customer'
            else 'agent'
        end as author_type,
        comments.body,

        coalesce(comments.is_public, true) as is_public,

        comments.created as sent_at

    from comments

    left join tickets
        on
            comments.source_name = tickets.source_name
            and comments.ticket_id = tickets.id

    left join users
        on
            comments.source_name = users.source_name
            and comments.user_id = users.id

)

select * from joined
