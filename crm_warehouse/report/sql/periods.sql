-- Key figures of a period and of the one before it. Sums of everybody are those of kpi_daily; those of a segment are of
-- the people who are in it today.
-- hide within: segment_type, period, is_previous
with

facts as (

    select
        people.combination,
        slice_of(orders.order_date) as slice,
        count(*) as order_count,
        count(*) filter (where orders.is_purchase) as purchase_count,
        count(*) filter (where orders.is_first_order) as new_customer_count,
        sum(orders.sales_amount) as sales_amount,
        0 as refund_amount,
        0 as ticket_count,
        0 as csat_count,
        0 as satisfied_csat_count,
        0 as attributed_sales_amount

    from orders
    inner join people using (customer_key)

    where orders.is_counted

    group by all

    union all

    select
        people.combination,
        slice_of(refunds.refund_date),
        0, 0, 0, 0,
        sum(refunds.refund_amount),
        0, 0, 0, 0

    from refunds
    inner join people using (customer_key)

    where refunds.is_counted

    group by all

    union all

    select
        people.combination,
        slice_of(tickets.ticket_opened_date),
        0, 0, 0, 0, 0,
        count(*),
        count(tickets.is_csat_satisfied),
        count(*) filter (where tickets.is_csat_satisfied),
        0

    from tickets
    inner join people using (customer_key)

    group by all

    union all

    select
        people.combination,
        slice_of(order_attributions.order_date),
        0, 0, 0, 0, 0, 0, 0, 0,
        sum(order_attributions.sales_amount)

    from order_attributions
    inner join people using (customer_key)

    group by all

),

of_segments as (

    select
        memberships.segment,
        facts.*

    from facts
    inner join memberships using (combination)

    where memberships.segment != ''

),

of_everybody as (

    select
        '' as segment,
        slice_of(period_start) as slice,
        order_count,
        purchase_count,
        new_customer_count,
        sales_amount,
        refund_amount,
        ticket_count,
        csat_count,
        satisfied_csat_count,
        attributed_sales_amount

    from kpi_daily

),

sums as (

    select
        all_facts.segment,
        period_slices.period,
        period_slices.is_previous,
        sum(all_facts.order_count) as order_count,
        sum(all_facts.purchase_count) as purchase_count,
        sum(all_facts.new_customer_count) as new_customer_count,
        sum(all_facts.sales_amount) as sales_amount,
        sum(all_facts.refund_amount) as refund_amount,
        sum(all_facts.ticket_count) as ticket_count,
        sum(all_facts.csat_count) as csat_count,
        sum(all_facts.satisfied_csat_count) as satisfied_csat_count,
        sum(all_facts.attributed_sales_amount) as attributed_sales_amount

    from (
        select * from of_everybody
        union all by name
        select * exclude (combination) from of_segments
    ) as all_facts
    inner join period_slices on list_contains(period_slices.slices, all_facts.slice)

    group by all

),

asked_for as (

    select
        period,
        is_previous,
        list_sum(list_transform(slices, lambda s: 1 << s)) as wanted

    from period_slices

),

of_combinations as (

    select
        slices_of_people.combination,
        asked_for.period,
        asked_for.is_previous,
        count(*) filter (where slices_of_people.bought & asked_for.wanted != 0) as people,
        count(*) filter (where slices_of_people.bought_again & asked_for.wanted != 0) as repeat_customer_count,
        count(*) filter (where slices_of_people.refunded & asked_for.wanted != 0) as people_refunded,
        count(*) filter (where slices_of_people.asked & asked_for.wanted != 0) as people_asking,
        count(*) filter (where slices_of_people.followed & asked_for.wanted != 0) as people_following

    from slices_of_people
    cross join asked_for

    group by all

),

doers as (

    select
        memberships.segment,
        of_combinations.period,
        of_combinations.is_previous,
        sum(of_combinations.people) as people,
        sum(of_combinations.repeat_customer_count) as repeat_customer_count,
        sum(of_combinations.people_refunded) as people_refunded,
        sum(of_combinations.people_asking) as people_asking,
        sum(of_combinations.people_following) as people_following

    from of_combinations
    inner join memberships using (combination)

    group by all

)

select
    sums.segment,
    coalesce(segments.segment_type, '') as segment_type,
    sums.period,
    sums.is_previous,
    coalesce(doers.people, 0) as people,
    coalesce(doers.repeat_customer_count, 0) as repeat_customer_count,
    sums.order_count,
    sums.purchase_count,
    sums.new_customer_count,
    sums.sales_amount,
    coalesce(doers.people_refunded, 0) as people_refunded,
    sums.refund_amount,
    coalesce(doers.people_asking, 0) as people_asking,
    sums.ticket_count,
    sums.csat_count,
    sums.satisfied_csat_count,
    coalesce(doers.people_following, 0) as people_following,
    sums.attributed_sales_amount

from sums
left join doers using (segment, period, is_previous)
left join segments on segments.segment_key = sums.segment

order by sums.segment, sums.period, sums.is_previous
