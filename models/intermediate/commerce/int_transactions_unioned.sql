with

unioned as (

    {{ union_entity('commerce', 'transactions') }}

)

select * from unioned
