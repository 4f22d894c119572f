select
    created_s as sort_s,
    order_id,
    nullif(person, -1) as person_id,
    ['purchase', 'cancelled', 'voided', 'test', 'replacement', 'gift_card', 'walk_in'][kind + 1] as kind,
    moment(created_s) as created_at
from f_orders
where created_s < {end}
