with parcels as (
    select
        order_id * 4 as fulfillment_id,
        order_id,
        shipped_s as sent_s,
        case when second_parcel_s < {never} and delivered_s < {never}
            then shipped_s + delivered_s - second_parcel_s else delivered_s end as arrived_s
    from f_orders
    where kind not in (5, 6) and shipped_s < {never}
    union all
    select order_id * 4 + 1, order_id, second_parcel_s, delivered_s
    from f_orders
    where kind not in (5, 6) and second_parcel_s < {never}
),

steps as (
    select *, fulfillment_id * 2::bigint as id, 'in_transit' as status, sent_s + 43200 as happened_s from parcels
    union all
    select *, fulfillment_id * 2 + 1, 'delivered', arrived_s from parcels
)

select
    happened_s as sort_s,
    id,
    fulfillment_id,
    order_id,
    status,
    known(happened_s) as happened_at,
    known(happened_s) as created_at,
    known(happened_s) as updated_at,
    moment(sent_s + 3 * 86400) as estimated_delivery_at,
    false as _fivetran_deleted,
    synced(happened_s) as _fivetran_synced
from steps
where happened_s = seen(happened_s)
