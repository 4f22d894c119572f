-- Buyers by predicted revenue, in bins that start at 0, 1, 2, 5, 10, 20, 50 ...
-- hide within: segment
with

scored as (

    select
        people.combination,
        customer_clv.predicted_revenue,
        case when customer_clv.predicted_revenue >= 1 then floor(log10(customer_clv.predicted_revenue)) end as magnitude

    from customer_clv
    inner join people using (customer_key)

),

binned as (

    select
        combination,
        case
            when magnitude is null then 0
            when predicted_revenue >= 5 * power(10, magnitude) then 5 * power(10, magnitude)
            when predicted_revenue >= 2 * power(10, magnitude) then 2 * power(10, magnitude)
            else power(10, magnitude)
        end as starts_at,
        count(*) as people

    from scored

    group by all

)

select
    memberships.segment,
    binned.starts_at,
    sum(binned.people) as people

from binned
inner join memberships using (combination)

group by all

order by all
