with

tickets as (

    select * from {{ source('zendesk', 'ticket') }}

),

field_history as (

    select * from {{ source('zendesk', 'ticket_field_history') }}

),

opened as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('ticket', 'id') }} || ':opened' as ticket_event_key,
        {{ entity_key('ticket', 'id') }} as ticket_key,

        'opened' as event_type,
        cast(null as {{ dbt.type_string() }}) as value,

        created_at as occurred_at

    from tickets

),

changed as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('ticket', 'ticket_id') }} || ':' || field_name || ':'
        || cast(updated as {{ dbt.type_string() }}) as ticket_event_key,
        {{ entity_key('ticket', 'ticket_id') }} as ticket_key,

        case field_name
            when 'status' then 'status_changed'
            when 'priority' then 'priority_changed'
            when 'assignee_id' then 'assigned'
        end as event_type,
        case
            when field_name = 'assignee_id' then {{ entity_key('agent', 'value') }}
            else lower(value)
        end as value,

        updated as occurred_at

    from field_history

    where field_name in ('status', 'priority', 'assignee_id')

),

unioned as (

    select * from opened

    union all

    select * from changed

)

select * from unioned
