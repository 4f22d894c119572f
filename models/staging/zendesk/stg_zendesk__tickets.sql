with

tickets as (

    select * from {{ source('zendesk', 'ticket') }}

),

field_history as (

    select * from {{ source('zendesk', 'ticket_field_history') }}

),

-- The ticket is overwritten in place; its history says what it looked like on the day asked for.
history_summarized as (

    select
        source_name,
        ticket_id,

        -- '' says that the field was cleared, null that no change is known; the engines'
        -- max_by disagree about nulls.
        max_by(coalesce(lower(value), ''), updated) filter (
            where field_name = 'status'
        ) as status,
        max_by(coalesce(lower(value), ''), updated) filter (
            where field_name = 'priority'
        ) as priority,
        max_by(coalesce(value, ''), updated) filter (
            where field_name = 'assignee_id'
        ) as assignee_id

    from field_history

    where field_name in ('status', 'priority', 'assignee_id')

    group by source_name, ticket_id

),

joined as (

    select
        tickets.source_name,
        tickets.id,
        tickets.requester_id,
        nullif(
            coalesce(
                history_summarized.assignee_id,
                cast(tickets.assignee_id as {{ dbt.type_string() }})
            ),
            ''
        ) as assignee_id,

        lower(tickets.via_channel) as channel,
        tickets.subject,
        lower(tickets.type) as topic,
        nullif(coalesce(history_summarized.status, lower(tickets.status)), '') as status,
        nullif(coalesce(history_summarized.priority, lower(tickets.priority)), '')
            as priority,

        tickets.created_at as ticket_opened_at,
        tickets._fivetran_synced as loaded_at

    from tickets

    left join history_summarized
        on
            tickets.source_name = history_summarized.source_name
            and tickets.id = history_summarized.ticket_id

),

keyed as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('ticket', 'id') }} as ticket_key,
        cast(id as {{ dbt.type_string() }}) as ticket_id,
        {{ entity_key('user', 'requester_id') }} as record_key,
        {{ entity_key('agent', 'assignee_id') }} as agent_key,

        channel,
        subject,
        topic,
        status,
        priority,

        ticket_opened_at,
        loaded_at

    from joined

)

select * from keyed
