with

unioned as (

    {{ union_entity('journeys', 'journey_sends') }}

)

select * from unioned
