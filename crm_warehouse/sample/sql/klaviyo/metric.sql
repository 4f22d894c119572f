select
    {start} + metric as sort_s,
    metric_id as id,
    name,
    case when is_own then '0rG4eQ' else '6ndPzX' end as integration_id,
    case when is_own then 'Klaviyo' else 'Shopify' end as integration_name,
    case when is_own then 'Internal' else 'eCommerce' end as integration_category,
    moment({start} - 300 * 86400) as created,
    moment({start} - 300 * 86400) as updated,
    false as _fivetran_deleted,
    synced({start} - 300 * 86400) as _fivetran_synced
from (select *, metric <= 6 or metric = 12 as is_own from v_metric)
