with

unioned as (

    {{ union_entity('commerce', 'products') }}

)

select * from unioned
