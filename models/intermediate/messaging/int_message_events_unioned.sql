with

unioned as (

    {{ union_entity('messaging', 'message_events') }}

)

select * from unioned
