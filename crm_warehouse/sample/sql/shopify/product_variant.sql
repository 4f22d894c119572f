select
    p.created_s as sort_s,
    greatest(
        p.created_s,
        seen(p.price_changed_s),
        case when v.position = 1 then greatest(seen(p.sold_out_s), seen(p.restocked_s)) end
    ) as changed_s,
    v.variant_id as id,
    p.product_id,
    v.variant_id + 4000000000000 as inventory_item_id,
    v.title,
    v.sku,
    v.position,
    case when seen(p.price_changed_s) is not null then eur(v.new_price_c) else eur(v.price_c) end as price,
    'deny' as inventory_policy,
    true as taxable,
    case when v.position = 1 and seen(p.sold_out_s) is not null and seen(p.restocked_s) is null then 0
        else 1 + (v.variant_id * 7919) % 200 end as inventory_quantity,
    known(p.created_s) as created_at,
    moment(changed_s) as updated_at,
    synced(changed_s) as _fivetran_synced
from v_variant as v
join v_product as p on p.product = v.product
where p.created_s = seen(p.created_s)
