select
    created_s as sort_s,
    order_id * 2 as order_shipping_line_id,
    0::bigint as index,
    'VAT' as title,
    (tax_percent / 100.0)::double as rate,
    eur(shipping_tax_c) as price,
    synced(created_s) as _fivetran_synced
from f_orders
where shipping_tax_c > 0 and created_s = seen(created_s)
