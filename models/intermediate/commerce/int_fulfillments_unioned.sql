with

unioned as (

    {{ union_entity('commerce', 'fulfillments') }}

)

select * from unioned
