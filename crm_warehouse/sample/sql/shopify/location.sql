select
    {start} as sort_s,
    65000000001::bigint as id,
    'Laden Berlin' as name,
    'Berlin' as city,
    'DE' as country_code,
    'Germany' as country,
    true as active,
    moment({start} - 400 * 86400) as created_at,
    moment({start} - 400 * 86400) as updated_at,
    false as _fivetran_deleted,
    synced({start} - 400 * 86400) as _fivetran_synced
