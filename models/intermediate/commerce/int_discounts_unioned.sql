with

unioned as (

    {{ union_entity('commerce', 'discounts') }}

)

select * from unioned
