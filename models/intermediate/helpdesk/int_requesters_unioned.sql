with

unioned as (

    {{ union_entity('helpdesk', 'requesters') }}

)

select * from unioned
