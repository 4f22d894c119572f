select
    {start} as sort_s,
    360000000201::bigint as id,
    'Kontor Neun' as name,
    'kontor-neun' as subdomain,
    true as active,
    true as has_help_center,
    false as _fivetran_deleted,
    synced({start} - 300 * 86400) as _fivetran_synced
