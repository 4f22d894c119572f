with records as (
    select created_s, 'shopify' as platform, 'customer' as record_type, customer_id::varchar as record_id, person
    from f_customers
    union all
    -- The person behind a walk-in is known to nobody, the truth included.
    select created_s, 'shopify', 'order', order_id::varchar, person from f_orders where customer_id = 0 and person >= 0
    union all
    select created_s, 'shopify', 'checkout', checkout_id::varchar, person from f_checkouts where customer_id = 0
    union all
    select created_s, 'klaviyo', 'profile', '01K' || to_base(profile_number, 36, 8), person from f_profiles
    union all
    select created_s, 'zendesk', 'user', user_id::varchar, person from f_users
)

select
    r.created_s as sort_s,
    r.platform || ':' || r.record_type || ':' || r.record_id as record_key,
    r.platform as source_name,
    r.record_type,
    r.record_id,
    p.person as person_id,
    p.household as household_id,
    moment(r.created_s) as created_at
from records as r
join people as p on p.person = r.person
where r.created_s < {end}
