-- By risk and value, and all of them together.
-- hide within: segment
select
    memberships.segment,
    coalesce(summed.churn_risk_band, '') as churn_risk_band,
    coalesce(summed.value_tier, '') as value_tier,
    sum(summed.people) as people,
    sum(summed.value_at_risk) as value_at_risk,
    sum(summed.predicted_amount) as predicted_amount

from (
    select
        people.combination,
        customer_churn.churn_risk_band,
        customer_clv.value_tier,
        count(*) as people,
        sum(customer_churn.value_at_risk) as value_at_risk,
        sum(customer_clv.predicted_revenue) as predicted_amount

    from customer_churn
    inner join customer_clv using (customer_key)
    inner join people using (customer_key)

    group by all
) as summed
inner join memberships using (combination)

group by
    grouping sets (
        (memberships.segment, summed.churn_risk_band, summed.value_tier),
        (memberships.segment)
    )

order by all
