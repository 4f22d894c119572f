-- What the figures share. Customers with the same segments are one combination: facts are counted per combination, and
-- a segment is a sum of combinations, so nothing is joined to the memberships of single customers.

create temp table report_day as
select
    as_of_date as as_of,
    cast(date_trunc('month', as_of_date) - to_months(59) as date) as first_month
from warehouse_version;

-- Periods end on the as-of day. Slices are the parts that periods and the periods before them are made of.
create temp table period_slices as
select
    *
from (
    values
    ('30', false, [1]), ('30', true, [2]),
    ('90', false, [1, 2, 3]), ('90', true, [4]),
    ('365', false, [1, 2, 3, 4, 5]), ('365', true, [6]),
    ('all', false, [1, 2, 3, 4, 5, 6, 7])
) as listed (period, is_previous, slices);

create temp macro age_of(fact_date) as date_diff('day', fact_date, (select report_day.as_of from report_day));

create temp macro month_number(fact_date) as greatest(
    date_diff('month', (select report_day.first_month from report_day), fact_date), 0
);

create temp macro slice_of(fact_date) as case
    when age_of(fact_date) < 30 then 1
    when age_of(fact_date) < 60 then 2
    when age_of(fact_date) < 90 then 3
    when age_of(fact_date) < 180 then 4
    when age_of(fact_date) < 365 then 5
    when age_of(fact_date) < 730 then 6
    else 7
end;

-- Where a fact stands in a trend: its month (0 to 59; everything older is in the first), and in the last 13 weeks, which
-- end on the as-of day, its week (100 to 112).
create temp macro buckets_of(fact_date) as case
    when age_of(fact_date) < 91 then [month_number(fact_date), 100 + age_of(fact_date) // 7]
    else [month_number(fact_date)]
end;

create temp table buckets as
select
    month_number as bucket,
    'month' as grain,
    cast(report_day.first_month + to_months(cast(month_number as integer)) as date) as starts_on
from report_day cross join range(60) as months (month_number)
union all
select
    100 + week_number,
    'week',
    cast(report_day.as_of - cast(week_number * 7 + 6 as integer) as date)
from report_day cross join range(13) as weeks (week_number);

create temp table combinations as
select
    row_number() over (order by segment_keys) as combination,
    segment_keys
from (select distinct coalesce(segment_keys, '') as segment_keys from customer_360);

create temp table people as
select
    customer_360.customer_key,
    row_number() over () as person,
    combinations.combination
from customer_360
inner join combinations on combinations.segment_keys = coalesce(customer_360.segment_keys, '');

-- Everybody is in the segment that has no name.
create temp table memberships as
select
    combination,
    '' as segment
from combinations
union all
select
    combination,
    unnest(string_split(segment_keys, ',')) as segment
from combinations
where segment_keys != '';

-- In which slices of time somebody did what, a bit for each.
create temp table slices_of_people as
with

facts as (

    select
        customer_key,
        1 << slice_of(order_date) as bought,
        case when order_sequence_number > 1 then 1 << slice_of(order_date) else 0 end as bought_again,
        0 as refunded,
        0 as asked,
        0 as followed
    from orders
    where is_counted

    union all

    select
        customer_key,
        0,
        0,
        1 << slice_of(refund_date),
        0,
        0
    from refunds
    where is_counted

    union all

    select
        customer_key,
        0,
        0,
        0,
        1 << slice_of(ticket_opened_date),
        0
    from tickets

    union all

    select
        customer_key,
        0,
        0,
        0,
        0,
        1 << slice_of(order_date)
    from order_attributions

)

select
    people.combination,
    bit_or(facts.bought) as bought,
    bit_or(facts.bought_again) as bought_again,
    bit_or(facts.refunded) as refunded,
    bit_or(facts.asked) as asked,
    bit_or(facts.followed) as followed

from facts
inner join people using (customer_key)

group by people.combination, people.person;

-- Customers to look up: of every stage a few, those with the most sides to them first.
create temp table chosen as
with

ranked as (

    select
        customer_key,
        lifecycle_stage,
        row_number() over (
            partition by lifecycle_stage
            order by
                cast(order_count > 0 as integer)
                + cast(ticket_count > 0 as integer)
                + cast(email_clicked_count > 0 as integer)
                + cast(checkout_count > 0 as integer) desc,
                md5(customer_key)
        ) as stage_rank

    from customer_360

)

select
    customer_key,
    row_number() over (order by stage_rank, lifecycle_stage) as customer_number

from ranked

order by customer_number

limit getvariable('customer_limit');
