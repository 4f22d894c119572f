with users as (
    select
        u.created_s as sort_s,
        u.user_id as id,
        trim(coalesce(first_text(u.name_twist, p.first_name, p.last_name), '') || ' '
            || coalesce(last_text(u.name_twist, p.first_name, p.last_name), '')) as name,
        email_text(u.email_form, u.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
        phone_text(u.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as phone,
        'end-user' as role,
        case p.country_code when 'FR' then 'fr' when 'NL' then 'nl' when 'IT' then 'it' else 'de' end as locale,
        u.email_twist = 0 as verified
    from f_users as u
    join people as p on p.person = u.person
    where u.created_s = seen(u.created_s)
    union all
    select {start} - 300 * 86400, agent_id, name, email, null, 'agent', 'de', true
    from v_agent
    where (select chunk from run) = 0
)

select
    sort_s,
    id,
    name,
    email,
    phone,
    role,
    locale,
    verified,
    true as active,
    false as suspended,
    'Berlin' as time_zone,
    moment(sort_s) as created_at,
    moment(sort_s) as updated_at,
    false as _fivetran_deleted,
    synced(sort_s) as _fivetran_synced
from users
