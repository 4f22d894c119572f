-- Fails when customer_events loses or doubles what the marts it is made of tell of known
-- customers. Messages and site events are the bulk and joined like message_events, which has
-- a test of its own.
{{ config(meta={'dagster': {'ref': {'name': 'customer_events'}}}) }}

with

events as (

    select
        count(*) filter (where event_type = 'order_placed') as orders,
        count(*) filter (where event_type = 'order_cancelled') as cancellations,
        count(*) filter (where event_type = 'checkout_started') as checkouts,
        count(*) filter (where event_type = 'ticket_opened') as tickets,
        count(*) filter (where event_type like 'ticket_rated_%') as ratings,
        count(*) filter (where channel = 'survey') as answers

    from {{ ref('customer_events') }}

    where channel in ('shop', 'support', 'survey')

),

orders as (

    select
        count(*) as orders,
        count(cancelled_at) as cancellations

    from {{ ref('orders') }}

    where
        customer_key is not null
        and not is_test
        and not is_draft

),

checkouts as (

    select count(customer_key) as checkouts from {{ ref('checkouts') }}

),

tickets as (

    select
        count(*) as tickets,
        count(csat_rated_at) as ratings

    from {{ ref('tickets') }}

    where customer_key is not null

),

feedback as (

    select count(customer_key) as answers from {{ ref('feedback') }}

)

select
    events.*,
    orders.orders as expected_orders,
    orders.cancellations as expected_cancellations,
    checkouts.checkouts as expected_checkouts,
    tickets.tickets as expected_tickets,
    tickets.ratings as expected_ratings,
    feedback.answers as expected_answers
from events
cross join orders
cross join checkouts
cross join tickets
cross join feedback
where
    events.orders != orders.orders
    or events.cancellations != orders.cancellations
    or events.checkouts != checkouts.checkouts
    or events.tickets != tickets.tickets
    or events.ratings != tickets.ratings
    or events.answers != feedback.answers
