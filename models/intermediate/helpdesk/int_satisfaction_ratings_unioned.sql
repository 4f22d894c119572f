with

unioned as (

    {{ union_entity('helpdesk', 'satisfaction_ratings') }}

)

select * from unioned
