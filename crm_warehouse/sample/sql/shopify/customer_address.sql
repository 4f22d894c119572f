select
    c.created_s as sort_s,
    c.customer_id * 2 as id,
    c.customer_id,
    first_text(c.name_twist, p.first_name, p.last_name) as first_name,
    last_text(c.name_twist, p.first_name, p.last_name) as last_name,
    p.address as address_1,
    p.city,
    p.zip,
    p.region as province,
    p.region_code as province_code,
    p.country,
    p.country_code,
    phone_text(c.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as phone,
    true as is_default,
    synced(c.created_s) as _fivetran_synced
from f_customers as c
join people as p on p.person = c.person
where c.created_s = seen(c.created_s)
