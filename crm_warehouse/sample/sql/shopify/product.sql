select
    created_s as sort_s,
    product_id as id,
    case when seen(title_changed_s) is not null then title || ' II' else title end as title,
    product_type,
    vendor,
    case when seen(archived_s) is not null then 'archived' else 'active' end as status,
    'p-' || product_id as handle,
    'web' as published_scope,
    known(created_s) as created_at,
    known(created_s + 86400) as published_at,
    moment(greatest(created_s, seen(title_changed_s), seen(archived_s), seen(price_changed_s))) as updated_at,
    false as _fivetran_deleted,
    synced(greatest(created_s, seen(title_changed_s), seen(archived_s), seen(price_changed_s)))
        as _fivetran_synced
from v_product
where created_s = seen(created_s)
