select
    second - 5 * 86400 as sort_s,
    'CAM' || lpad(campaign::varchar, 4, '0') as id,
    'Newsletter ' || strftime(moment(second), '%Y-%m-%d') as name,
    ['Neu im Sortiment', 'Nur dieses Wochenende', 'Unsere Lieblinge', 'Zurück auf Lager'][campaign % 4 + 1] as subject,
    'Email' as campaign_type,
    'Kontor Neun' as from_name,
    'post@kontor-neun.example' as from_email,
    case when seen(second) is not null then 'Sent' else 'Scheduled' end as status,
    moment(second) as send_time,
    moment(second - 86400) as scheduled,
    known(second) as sent_at,
    moment(second - 5 * 86400) as created,
    moment(coalesce(seen(second), second - 5 * 86400)) as updated,
    false as archived,
    false as _fivetran_deleted,
    synced(coalesce(seen(second), second - 5 * 86400)) as _fivetran_synced
from v_campaign
where second - 5 * 86400 = seen(second - 5 * 86400)
