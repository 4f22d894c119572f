select
    refund_s as sort_s,
    refund_line_id as id,
    refund_id,
    line_id as order_line_id,
    quantity::double as quantity,
    eur(subtotal_c) as subtotal,
    eur(tax_c) as total_tax,
    'return' as restock_type,
    65000000001::bigint as location_id,
    synced(refund_s) as _fivetran_synced
from f_refund_lines
where refund_s = seen(refund_s)
