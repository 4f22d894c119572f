select
    {start} as sort_s,
    360000000301::bigint as id,
    'Nordwerk Logistik' as name,
    false as shared_tickets,
    false as shared_comments,
    moment({start} - 300 * 86400) as created_at,
    moment({start} - 300 * 86400) as updated_at,
    synced({start} - 300 * 86400) as _fivetran_synced
