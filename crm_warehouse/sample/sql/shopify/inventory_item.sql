select
    p.created_s as sort_s,
    v.variant_id + 4000000000000 as id,
    v.sku,
    -- The shop never typed in what some products cost.
    case when v.product % 8 <> 5 then eur(v.price_c * (35 + v.product % 26) // 100) end as unit_cost_amount,
    case when v.product % 8 <> 5 then 'EUR' end as unit_cost_currency_code,
    known(p.created_s) as created_at,
    known(p.created_s) as updated_at,
    false as _fivetran_deleted,
    synced(p.created_s) as _fivetran_synced
from v_variant as v
join v_product as p on p.product = v.product
where p.created_s = seen(p.created_s)
