select
    o.created_s as sort_s,
    o.order_id,
    0::bigint as index,
    f.code,
    case when f.percent > 0 then 'percentage' else 'fixed_amount' end as type,
    eur(o.code_discount_c) as amount,
    synced(o.created_s) as _fivetran_synced
from f_orders as o
join v_offer as f on f.offer = o.offer
where o.offer > 0 and o.created_s = seen(o.created_s)
