-- By tier, and all of them together.
-- hide within: segment
select
    memberships.segment,
    coalesce(summed.value_tier, '') as value_tier,
    sum(summed.people) as people,
    sum(summed.historic_amount) as historic_amount,
    sum(summed.predicted_amount) as predicted_amount,
    sum(summed.predicted_orders) as predicted_orders

from (
    select
        people.combination,
        customer_clv.value_tier,
        count(*) as people,
        sum(customer_clv.historic_value) as historic_amount,
        sum(customer_clv.predicted_revenue) as predicted_amount,
        sum(customer_clv.predicted_orders) as predicted_orders

    from customer_clv
    inner join people using (customer_key)

    group by all
) as summed
inner join memberships using (combination)

group by grouping sets ((memberships.segment, summed.value_tier), (memberships.segment))

order by all
