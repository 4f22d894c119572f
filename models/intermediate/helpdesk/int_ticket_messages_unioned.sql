with

unioned as (

    {{ union_entity('helpdesk', 'ticket_messages') }}

)

select * from unioned
