select
    l.created_s as sort_s,
    l.line_id as id,
    l.order_id,
    l.index + 1::bigint as index,
    p.product_id,
    l.variant_id,
    case when l.created_s >= p.title_changed_s then p.title || ' II' else p.title end as title,
    v.title as variant_title,
    case when l.created_s >= p.title_changed_s then p.title || ' II' else p.title end || ' - ' || v.title as name,
    v.sku,
    p.vendor,
    l.quantity,
    eur(l.price_c) as price,
    0.0::double as total_discount,
    l.is_gift as gift_card,
    not l.is_gift as requires_shipping,
    not l.is_gift as taxable,
    case
        when l.shipped_s = seen(l.shipped_s) then 0
        else l.quantity end as fulfillable_quantity,
    case when l.shipped_s = seen(l.shipped_s) then 'fulfilled' end as fulfillment_status,
    synced(greatest(l.created_s, seen(l.shipped_s))) as _fivetran_synced
from f_lines as l
join v_product as p on p.product = l.product
join v_variant as v on v.variant_id = l.variant_id
where l.created_s = seen(l.created_s)
