with

unioned as (

    {{ union_entity('commerce', 'order_lines') }}

)

select * from unioned
