with

unioned as (

    {{ union_entity('commerce', 'checkouts') }}

)

select * from unioned
