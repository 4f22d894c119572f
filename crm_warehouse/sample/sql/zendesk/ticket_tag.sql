select
    created_s as sort_s,
    ticket_id,
    ['delivery', 'return', 'product', 'payment', 'account'][topic + 1] as tag,
    synced(created_s) as _fivetran_synced
from f_tickets
where created_s = seen(created_s)
