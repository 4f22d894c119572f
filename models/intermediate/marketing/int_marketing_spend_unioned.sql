with

unioned as (

    {{ union_entity('marketing', 'marketing_spend') }}

)

select * from unioned
