select
    refund_s as sort_s,
    refund_id as id,
    order_id,
    known(refund_s) as created_at,
    known(refund_s) as processed_at,
    case when refund_id % 3 = 0 then 'Retoure' end as note,
    true as restock,
    amount_c,
    synced(refund_s) as _fivetran_synced
from f_refunds
where refund_s = seen(refund_s)
