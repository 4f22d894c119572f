-- Which share of the value the best so many per cent of buyers hold.
with

ranked as (

    select
        predicted_revenue,
        historic_value,
        row_number() over (order by predicted_revenue desc nulls last, customer_key) - 1 as predicted_rank,
        row_number() over (order by historic_value desc nulls last, customer_key) - 1 as historic_rank,
        count(*) over () as buyer_count,
        -- No part is smaller than what may be shown.
        greatest(least(count(*) over () // getvariable('min_people'), 50), 1) as part_count

    from customer_clv

),

parts as (

    select
        predicted_rank * part_count // buyer_count as part,
        count(*) as people,
        sum(predicted_revenue) as predicted_amount,
        0 as historic_amount
    from ranked
    group by all

    union all

    select
        historic_rank * part_count // buyer_count,
        0,
        0,
        sum(historic_value)
    from ranked
    group by all

),

summed as (

    select
        part,
        sum(people) as people,
        sum(predicted_amount) as predicted_amount,
        sum(historic_amount) as historic_amount

    from parts

    group by part

)

select
    part,
    sum(people) over (order by part) as people,
    sum(people) over (order by part) / nullif(sum(people) over (), 0) as people_share,
    sum(predicted_amount) over (order by part) / nullif(sum(predicted_amount) over (), 0) as predicted_share,
    sum(historic_amount) over (order by part) / nullif(sum(historic_amount) over (), 0) as historic_share

from summed

order by part
