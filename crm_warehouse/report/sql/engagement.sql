-- How segments respond to messages, over all time.
-- hide within: segment_type
with

responded as (

    select
        people.combination,
        count(*) filter (where customer_360.email_delivered_count > 0) as people,
        sum(customer_360.email_delivered_count) as delivered_count,
        sum(customer_360.email_message_opened_count) as opened_count,
        sum(customer_360.email_message_clicked_count) as clicked_count,
        count(*) filter (where customer_360.attributed_order_count > 0) as people_bought,
        sum(customer_360.attributed_order_count) as attributed_order_count,
        sum(customer_360.attributed_sales_amount) as attributed_sales_amount

    from customer_360
    inner join people using (customer_key)

    group by all

)

select
    memberships.segment,
    coalesce(segments.segment_type, '') as segment_type,
    sum(responded.people) as people,
    sum(responded.delivered_count) as delivered_count,
    sum(responded.opened_count) as opened_count,
    sum(responded.clicked_count) as clicked_count,
    sum(responded.people_bought) as people_bought,
    sum(responded.attributed_order_count) as attributed_order_count,
    sum(responded.attributed_sales_amount) as attributed_sales_amount

from responded
inner join memberships using (combination)
left join segments on segments.segment_key = memberships.segment

group by all

order by memberships.segment
