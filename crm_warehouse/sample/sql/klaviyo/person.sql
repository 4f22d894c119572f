with active as (
    select profile_number, max(second) as last_s
    from f_events
    where second = seen(second)
    group by profile_number
)

select
    f.created_s as sort_s,
    '01K' || to_base(f.profile_number, 36, 8) as id,
    email_text(f.email_form, f.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
    phone_text(f.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as phone_number,
    first_text(f.name_twist, p.first_name, p.last_name) as first_name,
    last_text(f.name_twist, p.first_name, p.last_name) as last_name,
    case when f.has_address then p.address end as address_1,
    case when f.has_address then p.city end as city,
    case when f.has_address then p.region end as region,
    case when f.has_address then p.zip end as zip,
    case when f.has_address then p.country end as country,
    -- Forms ask for it in a field that takes anything; who has two profiles has one birthday.
    case when f.profile_number // 2 % 5 = 0 then birthday_text(
        f.profile_number % 6, date '1950-01-01' + (p.person * 48271 % 18000)::int
    ) end as custom_birthday,
    case p.country_code when 'AT' then 'Europe/Vienna' when 'NL' then 'Europe/Amsterdam' when 'FR' then 'Europe/Paris'
        else 'Europe/Berlin' end as timezone,
    case
        when seen(f.left_s) is not null then 'UNSUBSCRIBED'
        when seen(f.subscribed_s) is not null then 'SUBSCRIBED'
        else 'NEVER_SUBSCRIBED' end as subscriptions_email_marketing_consent,
    moment(greatest(seen(f.subscribed_s), seen(f.left_s))) as subscriptions_email_marketing_timestamp,
    known(f.created_s) as created,
    moment(greatest(f.created_s, a.last_s)) as updated,
    moment(a.last_s) as last_event_date,
    false as _fivetran_deleted,
    synced(greatest(f.created_s, a.last_s)) as _fivetran_synced
from f_profiles as f
join people as p on p.person = f.person
left join active as a on a.profile_number = f.profile_number
where f.created_s = seen(f.created_s)
