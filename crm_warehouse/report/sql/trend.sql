-- The course of the key figures by month and, of the last 13 weeks, by week.
-- hide within: segment_type, grain, starts_on
with

facts as (

    select
        people.combination,
        unnest(buckets_of(orders.order_date)) as bucket,
        people.person as buyer,
        orders.sales_amount,
        orders.is_first_order,
        null as refunder,
        0 as refund_amount,
        null as asker

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
        people.person,
        refunds.refund_amount,
        null

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
        null,
        0,
        people.person

    from tickets
    inner join people using (customer_key)

),

of_combinations as (

    select
        combination,
        bucket,
        count(distinct buyer) as people,
        count(buyer) as order_count,
        coalesce(sum(sales_amount), 0) as sales_amount,
        count(*) filter (where is_first_order) as new_customer_count,
        count(distinct refunder) as people_refunded,
        sum(refund_amount) as refund_amount,
        count(distinct asker) as people_asking,
        count(asker) as ticket_count

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
        sum(of_combinations.people_refunded) as people_refunded,
        sum(of_combinations.refund_amount) as refund_amount,
        sum(of_combinations.people_asking) as people_asking,
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
    of_segments.people_refunded,
    coalesce(of_everybody.refund_amount, of_segments.refund_amount) as refund_amount,
    of_segments.people_asking,
    coalesce(of_everybody.ticket_count, of_segments.ticket_count) as ticket_count

from of_segments
inner join buckets using (bucket)
left join of_everybody using (segment, bucket)
left join segments on segments.segment_key = of_segments.segment

order by of_segments.segment, buckets.grain, buckets.starts_on
