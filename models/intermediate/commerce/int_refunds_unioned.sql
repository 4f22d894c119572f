with

unioned as (

    {{ union_entity('commerce', 'refunds') }}

)

select * from unioned
