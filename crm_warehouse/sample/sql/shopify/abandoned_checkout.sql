select
    c.created_s as sort_s,
    c.checkout_id as id,
    md5(c.checkout_id::varchar) as token,
    '#C' || c.checkout_id as name,
    nullif(c.customer_id, 0) as customer_id,
    email_text(c.email_form, c.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
    phone_text(c.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as phone,
    case when c.email_form > 0 then first_text(c.name_twist, p.first_name, p.last_name) end
        as billing_address_first_name,
    case when c.email_form > 0 then last_text(c.name_twist, p.first_name, p.last_name) end
        as billing_address_last_name,
    p.country_code as billing_address_country_code,
    'EUR' as currency,
    'EUR' as presentment_currency,
    eur(c.total_c) as total_price,
    eur(c.total_c) as subtotal_price,
    false as taxes_included,
    'web' as source_name,
    known(c.created_s) as created_at,
    moment(greatest(c.created_s, seen(c.completed_s))) as updated_at,
    known(c.completed_s) as completed_at,
    known(c.completed_s) as closed_at,
    false as _fivetran_deleted,
    synced(greatest(c.created_s, seen(c.completed_s))) as _fivetran_synced
from f_checkouts as c
join people as p on p.person = c.person
where c.created_s = seen(c.created_s)
