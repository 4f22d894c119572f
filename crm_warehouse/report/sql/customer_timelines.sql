-- The newest 150 things each of them did.
with

ranked as (

    select
        chosen.customer_number,
        customer_events.occurred_at,
        customer_events.event_type,
        customer_events.channel,
        customer_events.amount,
        row_number() over (
            partition by chosen.customer_number
            order by customer_events.occurred_at desc, customer_events.event_type, customer_events.event_key
        ) as event_rank

    from customer_events
    inner join chosen using (customer_key)

)

select
    customer_number,
    strftime(occurred_at, '%Y-%m-%d %H:%M') as occurred_at,
    event_type,
    channel,
    amount

from ranked

where event_rank <= 150

order by customer_number, event_rank
