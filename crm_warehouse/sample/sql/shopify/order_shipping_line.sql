select
    created_s as sort_s,
    order_id * 2::bigint as id,
    order_id,
    case when shipping_c = 0 then 'Kostenloser Versand' else 'Standardversand' end as title,
    case when shipping_c = 0 then 'free' else 'standard' end as code,
    'shopify' as source,
    eur(shipping_c) as price,
    eur(shipping_c) as discounted_price,
    synced(created_s) as _fivetran_synced
from f_orders
where kind in (0, 1, 2, 3, 4) and created_s = seen(created_s)
