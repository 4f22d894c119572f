select
    refund_s as sort_s,
    adjustment_id as id,
    order_id,
    refund_id,
    eur(amount_c) as amount,
    eur(tax_c) as tax_amount,
    case when is_goodwill = 1 then 'refund_discrepancy' else 'shipping_refund' end as kind,
    case when is_goodwill = 1 then 'Refund discrepancy' else 'Shipping refund' end as reason,
    synced(refund_s) as _fivetran_synced
from f_adjustments
where refund_s = seen(refund_s)
