-- What could be talked about, by its kind: the text after a colon or a number is each customer's own.
with

drivers as (

    select
        people.combination,
        people.person,
        customer_churn.value_at_risk,
        unnest(
            list_distinct(
                list_transform(
                    string_split(customer_churn.churn_drivers, '; '),
                    lambda driver: regexp_replace(
                        regexp_replace(split_part(driver, ':', 1), '^[0-9]+ +', ''), '( by)? *[0-9].*$', ''
                    )
                )
            )
        ) as driver

    from customer_churn
    inner join people using (customer_key)

    where customer_churn.churn_drivers is not null

),

summed as (

    select
        combination,
        driver,
        count(*) as people,
        sum(value_at_risk) as value_at_risk

    from drivers

    group by all

)

select
    memberships.segment,
    summed.driver,
    sum(summed.people) as people,
    sum(summed.value_at_risk) as value_at_risk

from summed
inner join memberships using (combination)

group by all

order by memberships.segment, sum(summed.people) desc, summed.driver
