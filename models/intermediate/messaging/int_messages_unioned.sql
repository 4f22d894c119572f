with

unioned as (

    {{ union_entity('messaging', 'messages') }}

)

select * from unioned
