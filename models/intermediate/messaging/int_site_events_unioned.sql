with

unioned as (

    {{ union_entity('messaging', 'site_events') }}

)

select * from unioned
