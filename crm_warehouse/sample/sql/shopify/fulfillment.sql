with parcels as (
    select
        order_id * 4::bigint as id,
        order_id,
        kind,
        1 as parcel,
        shipped_s as sent_s,
        -- The first of two parcels takes as long as the second.
        case when second_parcel_s < {never} and delivered_s < {never}
            then shipped_s + delivered_s - second_parcel_s else delivered_s end as arrived_s
    from f_orders
    union all
    select
        order_id * 4 + 1,
        order_id,
        kind,
        2,
        second_parcel_s,
        delivered_s
    from f_orders
)

select
    sent_s as sort_s,
    id,
    order_id,
    '#' || order_id || '.' || parcel as name,
    'success' as status,
    case
        when kind in (5, 6) then null
        when seen(arrived_s) is not null then 'delivered'
        when seen(sent_s + 43200) is not null then 'in_transit'
        else 'confirmed' end as shipment_status,
    65000000001::bigint as location_id,
    'manual' as service,
    case when kind not in (5, 6) then ['DHL', 'DPD', 'Post'][id % 3 + 1] end as tracking_company,
    case when kind not in (5, 6) then 'T' || id end as tracking_number,
    known(sent_s) as created_at,
    moment(greatest(sent_s, case when kind not in (5, 6) then seen(sent_s + 43200) end, seen(arrived_s))) as updated_at,
    synced(greatest(sent_s, case when kind not in (5, 6) then seen(sent_s + 43200) end, seen(arrived_s)))
        as _fivetran_synced
from parcels
where sent_s = seen(sent_s)
