with

unioned as (

    {{ union_entity('messaging', 'consents') }}

)

select * from unioned
