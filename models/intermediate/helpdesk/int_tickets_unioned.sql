with

unioned as (

    {{ union_entity('helpdesk', 'tickets') }}

)

select * from unioned
