select
    {start} as sort_s,
    360000000101::bigint as id,
    'Kundenservice' as name,
    moment({start} - 300 * 86400) as created_at,
    moment({start} - 300 * 86400) as updated_at,
    false as _fivetran_deleted,
    synced({start} - 300 * 86400) as _fivetran_synced
