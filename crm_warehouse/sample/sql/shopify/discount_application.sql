with applications as (
    select order_id, created_s, offer, 0::bigint as index, false as automatic from f_orders where offer > 0
    union all
    select order_id, created_s, 0, case when offer > 0 then 1::bigint else 0::bigint end, true from f_orders where automatic
)

select
    a.created_s as sort_s,
    a.order_id,
    a.index,
    case when a.automatic then 'automatic' else 'discount_code' end as type,
    case when not a.automatic then f.code end as code,
    case when a.automatic then 'Treuerabatt' end as title,
    case when a.automatic then 'Treuerabatt' end as description,
    case when a.automatic or f.percent > 0 then 'percentage' else 'fixed_amount' end as value_type,
    case when a.automatic then 5.0 when f.percent > 0 then f.percent else eur(f.cents) end::double as value,
    'across' as allocation_method,
    'all' as target_selection,
    'line_item' as target_type,
    synced(a.created_s) as _fivetran_synced
from applications as a
join v_offer as f on f.offer = a.offer
where a.created_s = seen(a.created_s)
