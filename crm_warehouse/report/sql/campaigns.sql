-- What each message did in a period; the 60 newest campaigns and the flows, by what they delivered.
with

events as (

    select
        message_key,
        slice_of(event_date) as slice,
        sum(delivered_count) as delivered_count,
        sum(bounced_count) as bounced_count,
        sum(opener_count) as opener_count,
        sum(clicker_count) as clicker_count,
        sum(unsubscribed_count) as unsubscribed_count

    from message_days

    group by all

),

delivered as (

    select
        events.message_key,
        period_slices.period,
        sum(events.delivered_count) as delivered_count,
        sum(events.bounced_count) as bounced_count,
        sum(events.opener_count) as opener_count,
        sum(events.clicker_count) as clicker_count,
        sum(events.unsubscribed_count) as unsubscribed_count

    from events
    inner join period_slices on list_contains(period_slices.slices, events.slice) and not period_slices.is_previous

    group by all

),

sold as (

    select
        order_attributions.message_key,
        period_slices.period,
        count(distinct order_attributions.customer_key) as buyer_people,
        count(*) as attributed_order_count,
        sum(order_attributions.sales_amount) as attributed_sales_amount

    from order_attributions
    inner join period_slices
        on
            list_contains(period_slices.slices, slice_of(order_attributions.order_date))
            and not period_slices.is_previous

    group by all

),

ranked as (

    select
        message_key,
        name,
        message_type,
        channel,
        cast(sent_at as date) as sent_date,
        row_number() over (
            partition by message_type order by last_event_date desc nulls last, delivered_count desc, message_key
        ) as message_rank

    from campaign_performance

)

select
    ranked.name,
    ranked.message_type,
    ranked.channel,
    ranked.sent_date,
    delivered.period,
    delivered.delivered_count as people,
    delivered.bounced_count,
    delivered.opener_count,
    delivered.clicker_count,
    delivered.unsubscribed_count,
    coalesce(sold.buyer_people, 0) as people_bought,
    coalesce(sold.attributed_order_count, 0) as attributed_order_count,
    coalesce(sold.attributed_sales_amount, 0) as attributed_sales_amount

from ranked
inner join delivered using (message_key)
left join sold using (message_key, period)

where ranked.message_rank <= 60

order by delivered.period, ranked.message_type, ranked.message_rank
