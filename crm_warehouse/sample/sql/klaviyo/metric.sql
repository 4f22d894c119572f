select
    {start} + metric as sort_s,
    metric_id as id,
    name,
    case when metric <= 6 or metric = 12 then '0rG4eQ' else '6ndPzX' end as integration_id,
    case when metric <= 6 or metric = 12 then 'Klaviyo' else 'Shopify' end as integration_name,
    case when metric <= 6 or metric = 12 then 'Internal' else 'eCommerce' end as integration_category,
    moment({start} - 300 * 86400) as created,
    moment({start} - 300 * 86400) as updated,
    false as _fivetran_deleted,
    synced({start} - 300 * 86400) as _fivetran_synced
from v_metric
