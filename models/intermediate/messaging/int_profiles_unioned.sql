with

unioned as (

    {{ union_entity('messaging', 'profiles') }}

)

select * from unioned
