with

unioned as (

    {{ union_entity('commerce', 'customers') }}

)

select * from unioned
