with

unioned as (

    {{ union_entity('helpdesk', 'agents') }}

)

select * from unioned
