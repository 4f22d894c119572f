-- A view in the private warehouse: millions of rows that are written once, into the published file.
{{ config(materialized='view') }}

with

message_events as (

    select * from {{ ref('int_message_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

joined as (

    select
        message_events.message_event_key,
        message_events.source_name,
        message_events.platform,
        customers.customer_key,
        message_events.message_key,
        message_events.event_type,
        message_events.channel,
        coalesce(message_events.is_machine_open, false) as is_machine_open,
        message_events.occurred_at

    from message_events
    left join customers on message_events.record_key = customers.record_key

)

select * from joined
