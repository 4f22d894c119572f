with

run_context as (

    select * from {{ source('pipeline', 'run_context') }}

)

select * from run_context
