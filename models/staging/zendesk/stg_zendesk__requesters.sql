with

users as (

    select * from {{ source('zendesk', 'user') }}

),

renamed as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('user', 'id') }} as record_key,
        cast(id as {{ dbt.type_string() }}) as requester_id,
        external_id,

        email,
        phone,
        name as full_name,
        locale,

        created_at,
        _fivetran_synced as loaded_at

    from users

    where coalesce(lower(role), 'end-user') = 'end-user'

)

select * from renamed
