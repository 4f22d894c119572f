select
    e.second as sort_s,
    lower(to_base(e.event_number, 36, 8)) as id,
    m.metric_id,
    '01K' || to_base(e.profile_number, 36, 8) as person_id,
    known(e.second) as timestamp,
    known(e.second) as datetime,
    'event' as type,
    case when e.metric < 6 and e.flow < 0 then 'CAM' || lpad(e.message::varchar, 4, '0') end as campaign_id,
    case when e.metric < 6 and e.flow >= 0 then 'FLW' || e.flow end as flow_id,
    case when e.metric < 6 and e.flow >= 0 then 'MSG' || e.flow || e.message end as flow_message_id,
    case when e.metric in (1, 2) and not e.is_machine
        then ['Gmail', 'Chrome', 'Outlook', 'Apple Mail'][e.profile_number % 4 + 1]
        when e.metric = 1 then 'Apple Mail Privacy Protection' end as property_client_name,
    case when e.metric in (1, 2) and not e.is_machine then 'Email Client'
        when e.metric = 1 then 'Proxy' end as property_client_type,
    case e.metric when 3 then case when e.profile_number % 3 = 0 then 'Soft' else 'Hard' end end
        as property_bounce_type,
    case when e.metric in (8, 9, 12) then p.product_id::varchar end as property_product_id,
    case when e.metric in (8, 9, 12) then p.title end as property_name,
    case when e.metric between 8 and 9 then eur(p.price_c) end as property_price,
    case when e.metric = 12 then p.first_variant_id::varchar end as property_variant_id,
    case when e.metric between 10 and 11 then eur(p.price_c)::varchar end as property_value,
    case when e.metric = 7 then '/' end as property_page,
    false as _fivetran_deleted,
    synced(e.second) as _fivetran_synced
from f_events as e
join v_metric as m on m.metric = e.metric
left join v_product as p on p.product = e.product
where e.second = seen(e.second)
