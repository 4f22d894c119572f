with

unioned as (

    {{ union_entity('commerce', 'fulfillment_events') }}

)

select * from unioned
