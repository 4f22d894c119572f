-- Fails when an event is lost or doubled between staging, message_events and the roll-up
-- per customer.
{{ config(meta={'dagster': {'ref': {'name': 'message_events'}}}) }}

with

staged as (

    select
        'events' as figure,
        count(*) as event_count

    from {{ ref('int_message_events_unioned') }}

),

events as (

    select
        count(*) as events,
        count(*) filter (
            where
            customer_key is not null and channel = 'email' and event_type = 'delivered'
        ) as delivered,
        count(*) filter (
            where
            customer_key is not null and channel = 'email' and event_type = 'opened'
            and not is_machine_open
        ) as opened,
        count(*) filter (
            where
            customer_key is not null and channel = 'email' and is_machine_open
        ) as machine_opened,
        count(*) filter (
            where
            customer_key is not null and channel = 'email' and event_type = 'clicked'
        ) as clicked

    from {{ ref('message_events') }}

),

customers as (

    select
        coalesce(sum(email_delivered_count), 0) as delivered,
        coalesce(sum(email_opened_count), 0) as opened,
        coalesce(sum(email_machine_opened_count), 0) as machine_opened,
        coalesce(sum(email_clicked_count), 0) as clicked

    from {{ ref('int_customer_messages_summarized') }}

)

select
    staged.event_count as staged_event_count,
    events.*,
    customers.delivered as customers_delivered,
    customers.opened as customers_opened,
    customers.machine_opened as customers_machine_opened,
    customers.clicked as customers_clicked
from staged
cross join events
cross join customers
where
    staged.event_count != events.events
    or events.delivered != customers.delivered
    or events.opened != customers.opened
    or events.machine_opened != customers.machine_opened
    or events.clicked != customers.clicked
