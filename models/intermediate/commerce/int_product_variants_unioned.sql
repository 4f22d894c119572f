with

unioned as (

    {{ union_entity('commerce', 'product_variants') }}

)

select * from unioned
