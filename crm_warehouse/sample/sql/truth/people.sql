select
    t.person as sort_s,
    t.person as person_id,
    p.household as household_id,
    t.is_buyer,
    t.rate as purchases_per_day,
    t.dropout as dropout_probability,
    t.spend as mean_order_value,
    t.purchases as purchase_count,
    case when t.first_s < {never} then moment(t.first_s) end as first_purchase_at,
    case when t.left_s < {never} then moment(t.left_s) end as left_at,
    t.is_buyer and t.left_s = {never} as is_alive_at_end
from p_truth as t
join people as p on p.person = t.person
