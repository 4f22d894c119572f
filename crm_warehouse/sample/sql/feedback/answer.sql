-- A few days after a parcel came, some are asked whether they would recommend the shop, and some write a review.
with asked as (
    select
        *,
        delivered_s + 2 * 86400 + order_id % 1000003 * 7919 % 86400 as answered_s,
        order_id % 1000003 * 48271 % 1000 as chance,
        order_id % 1000003 * 104729 % 100 as mood
    from f_orders
    where person >= 0 and kind = 0 and delivered_s < {never}
)

select
    a.answered_s as sort_s,
    'A' || a.order_id as id,
    case when a.chance < 90 then 'nps' else 'review' end as type,
    case
        when a.chance < 90 and a.mood < 46 then 9 + a.mood % 2
        when a.chance < 90 and a.mood < 78 then 7 + a.mood % 2
        when a.chance < 90 then a.mood % 7
        when a.mood < 70 then 5
        else 1 + a.mood % 4
    end as score,
    email_text(a.email_form, a.email_twist, p.email_1, p.email_2, p.email_home, p.person) as email,
    nullif(a.customer_id, 0)::varchar as customer_id,
    case when a.chance >= 90 then i.product_id::varchar end as product_id,
    case
        when a.mood >= 90 then 'Hat länger gedauert als angekündigt.'
        when a.mood < 8 then 'Gerne wieder!' end as comment,
    known(a.answered_s) as answered_at,
    synced(a.answered_s) as _fivetran_synced
from asked as a
join people as p on p.person = a.person
join f_lines as l on l.order_id = a.order_id and l.index = 0
join v_product as i on i.product = l.product
where a.chance < 140 and a.answered_s = seen(a.answered_s)
