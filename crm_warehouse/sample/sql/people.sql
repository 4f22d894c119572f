-- The chunk's people in words: what is truly theirs.
create or replace temp table people as
select
    p.person,
    p.household,
    f.word as first_name,
    l.word as last_name,
    case when c.code in ('FR', 'IE') then p.house || ' ' || s.word else s.word || ' ' || p.house end as address,
    t.city,
    t.region,
    t.region_code,
    t.postal || lpad((p.postal % (10 ** t.digits)::int)::varchar, t.digits::int, '0') as zip,
    c.code as country_code,
    c.name as country,
    case p.mail_style
        when 0 then f.slug || '.' || l.slug
        when 1 then f.slug[1] || l.slug
        when 2 then f.slug
        else f.slug || '_' || l.slug end || (p.person + 11) || '@' || d1.domain as email_1,
    l.slug || '.' || f.slug[1] || (p.person + 11) || '@' || d2.domain as email_2,
    'familie' || (p.household + 11) || '@gmx.de' as email_home,
    c.dial,
    c.mobile || (c.mobile_from + (p.person * 48271) % 20000000) as national,
    case when c.code in ('IT', 'ES') then '' else '0' end as trunk,
    c.landline || (2000000 + (p.household * 48271) % 7000000) as landline
from p_people as p
join v_first as f on f.code = p.first
join v_last as l on l.code = p.last
join v_street as s on s.code = p.street
join v_city as t on t.position = p.city
join v_country as c on c.position = p.country
join v_domain as d1 on d1.code = p.mail_domain
join v_domain as d2 on d2.code = p.second_domain
order by p.person
