with

unioned as (

    {{ union_entity('feedback', 'feedback_answers') }}

)

select * from unioned
