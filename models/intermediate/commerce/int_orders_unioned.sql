with

unioned as (

    {{ union_entity('commerce', 'orders') }}

)

select * from unioned
