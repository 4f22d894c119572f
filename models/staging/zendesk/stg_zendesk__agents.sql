with

users as (

    select * from {{ source('zendesk', 'user') }}

),

renamed as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('agent', 'id') }} as agent_key,
        cast(id as {{ dbt.type_string() }}) as agent_id,

        name,
        lower(role) as role

    from users

    where lower(role) != 'end-user'

)

select * from renamed
