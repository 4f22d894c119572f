with

unioned as (

    {{ union_entity('helpdesk', 'ticket_events') }}

)

select * from unioned
