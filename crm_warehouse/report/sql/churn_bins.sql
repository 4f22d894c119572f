-- Buyers by churn probability, in tenths.
-- hide within: segment
select
    memberships.segment,
    counted.starts_at,
    sum(counted.people) as people

from (
    select
        people.combination,
        least(floor(customer_churn.churn_probability * 10), 9) / 10 as starts_at,
        count(*) as people

    from customer_churn
    inner join people using (customer_key)

    where customer_churn.churn_probability is not null

    group by all
) as counted
inner join memberships using (combination)

group by all

order by all
