-- The course of the key figures by month and, of the last 13 weeks, by week.
-- hide within: segment_type, grain, starts_on
with

facts as (

    select
        people.combination,
        unnest(buckets_of(orders.order_date)) as bucket,
        people.person,
        orders.sales_amount,
        orders.is_first_order,
        0 as refund_amount,
        0 as ticket_count

    from orders
    inner join people using (customer_key)

    where orders.is_counted

    union all

    select
        people.combination,
        unnest(buckets_of(refunds.refund_date)),
        null,
        null,
        null,
        refunds.refund_amount,
        0

    from refunds
    inner join people using (customer_key)

    where refunds.is_counted

    union all

    select
        people.combination,
        unnest(buckets_of(tickets.ticket_opened_date)),
        null,
        null,
        null,
        0,
        1

    from tickets
    inner join people using (customer_key)

),

of_combinations as (

    select
        combination,
        bucket,
        count(distinct person) as people,
        count(person) as order_count,
        coalesce(sum(sales_amount), 0) as sales_amount,
        count(*) filter (where is_first_order) as new_customer_count,
        sum(refund_amount) as refund_amount,
        sum(ticket_count) as ticket_count

    from facts

    group by all

),

of_segments as (

    select
        memberships.segment,
        of_combinations.bucket,
        sum(of_combinations.people) as people,
        sum(of_combinations.order_count) as order_count,
        sum(of_combinations.sales_amount) as sales_amount,
        sum(of_combinations.new_customer_count) as new_customer_count,
        sum(of_combinations.refund_amount) as refund_amount,
        sum(of_combinations.ticket_count) as ticket_count

    from of_combinations
    inner join memberships using (combination)

    group by all

),

days_of_everybody as (

    select
        unnest(buckets_of(period_start)) as bucket,
        order_count,
        sales_amount,
        new_customer_count,
        refund_amount,
        ticket_count

    from kpi_daily

),

-- Also orders that nobody can be found for.
of_everybody as (

    select
        '' as segment,
        bucket,
        0 as people,
        sum(order_count) as order_count,
        sum(sales_amount) as sales_amount,
        sum(new_customer_count) as new_customer_count,
        sum(refund_amount) as refund_amount,
        sum(ticket_count) as ticket_count

    from days_of_everybody

    group by all

)

select
    of_segments.segment,
    coalesce(segments.segment_type, '') as segment_type,
    buckets.grain,
    buckets.starts_on,
    of_segments.people,
    coalesce(of_everybody.order_count, of_segments.order_count) as order_count,
    coalesce(of_everybody.sales_amount, of_segments.sales_amount) as sales_amount,
    coalesce(of_everybody.new_customer_count, of_segments.new_customer_count) as new_customer_count,
    coalesce(of_everybody.refund_amount, of_segments.refund_amount) as refund_amount,
    coalesce(of_everybody.ticket_count, of_segments.ticket_count) as ticket_count

from of_segments
inner join buckets using (bucket)
left join of_everybody using (segment, bucket)
left join segments on segments.segment_key = of_segments.segment

order by of_segments.segment, buckets.grain, buckets.starts_on
