-- What each message did in a period; the 60 newest campaigns and the flows, by what they delivered.
with

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

    qualify message_rank <= 60

),

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
    inner join ranked using (message_key)

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

-- A flow writes to one person again and again. Only who got what went out a thousand times is certainly not few.
few_delivered as (

    select distinct message_key from delivered where delivered_count < 1000

),

reached as (

    select
        message_events.message_key,
        period_slices.period,
        count(distinct message_events.customer_key) as recipient_count

    from message_events
    inner join few_delivered using (message_key)
    inner join period_slices
        on
            list_contains(period_slices.slices, slice_of(cast(message_events.occurred_at as date)))
            and not period_slices.is_previous

    where message_events.event_type = 'delivered'

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

)

select
    ranked.name,
    ranked.message_type,
    ranked.channel,
    ranked.sent_date,
    delivered.period,
    case
        when delivered.delivered_count = 0 or delivered.delivered_count >= 1000 then delivered.delivered_count
        -- Somebody got it, known or not.
        else coalesce(greatest(reached.recipient_count, 1), 1)
    end as people,
    delivered.delivered_count,
    delivered.bounced_count,
    delivered.opener_count,
    delivered.clicker_count,
    delivered.unsubscribed_count,
    coalesce(sold.buyer_people, 0) as people_bought,
    coalesce(sold.attributed_order_count, 0) as attributed_order_count,
    coalesce(sold.attributed_sales_amount, 0) as attributed_sales_amount

from ranked
inner join delivered using (message_key)
left join reached using (message_key, period)
left join sold using (message_key, period)

order by delivered.period, ranked.message_type, ranked.message_rank
