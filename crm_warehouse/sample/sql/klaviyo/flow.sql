select
    {start} + flow as sort_s,
    'FLW' || flow as id,
    name,
    'live' as status,
    trigger_type,
    false as archived,
    moment({start} - 300 * 86400) as created,
    moment({start} - 200 * 86400) as updated,
    false as _fivetran_deleted,
    synced({start} - 200 * 86400) as _fivetran_synced
from v_flow
