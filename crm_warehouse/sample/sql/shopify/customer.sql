with placed as (
    select
        customer_id,
        count(*) as orders_count,
        max(created_s) as last_s,
        sum(case when paid_s = seen(paid_s) then total_c else 0 end)
        - sum(case when refund_1_s = seen(refund_1_s) then refund_1_c else 0 end)
        - sum(case when refund_2_s = seen(refund_2_s) then refund_2_c else 0 end) as spent_c
    from f_orders
    where created_s = seen(created_s) and customer_id > 0
    group by customer_id
),

customers as (
    select
        c.*,
        o.orders_count,
        o.spent_c,
        greatest(seen(c.subscribed_s), seen(c.left_s)) as consent_s,
        greatest(c.created_s, o.last_s, seen(c.subscribed_s), seen(c.left_s)) as changed_s
    from f_customers as c
    left join placed as o on o.customer_id = c.customer_id
    where c.created_s = seen(c.created_s)
)

select
    c.created_s as sort_s,
    c.customer_id as id,
    email_text(c.email_form, c.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
    first_text(c.name_twist, p.first_name, p.last_name) as first_name,
    last_text(c.name_twist, p.first_name, p.last_name) as last_name,
    phone_text(c.phone_form, p.dial, p.national, p.trunk, p.landline, p.person) as phone,
    case when c.account < 2 then 'enabled' else 'disabled' end as state,
    c.account < 2 and c.email_twist = 0 as verified_email,
    false as tax_exempt,
    coalesce(c.orders_count, 0) as orders_count,
    eur(coalesce(c.spent_c, 0)) as total_spent,
    'EUR' as currency,
    case
        when seen(c.left_s) is not null then 'unsubscribed'
        when seen(c.subscribed_s) is not null then 'subscribed'
        else 'not_subscribed' end as email_marketing_consent_state,
    case when c.consent_s is not null then 'single_opt_in' end as email_marketing_consent_opt_in_level,
    moment(c.consent_s) as email_marketing_consent_consent_updated_at,
    known(c.created_s) as created_at,
    moment(c.changed_s) as updated_at,
    false as _fivetran_deleted,
    synced(c.changed_s) as _fivetran_synced
from customers as c
join people as p on p.person = c.person
