-- A view in the private warehouse: millions of rows that are written once, into the published file.
{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('orders') }}

    where
        customer_key is not null
        and not is_test
        and not is_draft

),

refunds as (

    select * from {{ ref('refunds') }}

    where customer_key is not null

),

checkouts as (

    select * from {{ ref('checkouts') }}

    where customer_key is not null

),

-- What the customer did, not what was done to them: no sends, deliveries, bounces or opens
-- by a machine.
message_events as (

    select * from {{ ref('message_events') }}

    where
        customer_key is not null
        and event_type in ('opened', 'clicked', 'unsubscribed', 'marked_spam', 'subscribed')
        and not is_machine_open

),

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

tickets as (

    select * from {{ ref('tickets') }}

    where customer_key is not null

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

orders_placed as (

    select
        order_key || ':placed' as event_key,
        customer_key,
        ordered_at as occurred_at,
        'order_placed' as event_type,
        'shop' as channel,
        source_name,
        order_key as subject_key,
        sales_amount as amount

    from orders

),

orders_cancelled as (

    select
        order_key || ':cancelled' as event_key,
        customer_key,
        cancelled_at as occurred_at,
        'order_cancelled' as event_type,
        'shop' as channel,
        source_name,
        order_key as subject_key,
        sales_amount as amount

    from orders

    where is_cancelled

),

orders_refunded as (

    select
        refund_key || ':refunded' as event_key,
        customer_key,
        min(refunded_at) as occurred_at,
        'order_refunded' as event_type,
        'shop' as channel,
        source_name,
        order_key as subject_key,
        cast(sum(refund_amount) as decimal(18, 4)) as amount

    from refunds

    group by refund_key, customer_key, source_name, order_key

),

checkouts_started as (

    select
        checkout_key || ':started' as event_key,
        customer_key,
        started_at as occurred_at,
        'checkout_started' as event_type,
        'shop' as channel,
        source_name,
        checkout_key as subject_key,
        total_amount as amount

    from checkouts

),

messages_engaged as (

    select
        message_event_key as event_key,
        customer_key,
        occurred_at,
        'message_' || event_type as event_type,
        channel,
        source_name,
        message_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from message_events

),

-- A theme may send any number as the value of a visit: it is no money.
site_visited as (

    select
        site_events.site_event_key as event_key,
        customers.customer_key,
        site_events.occurred_at,
        'site_' || site_events.event_type as event_type,
        'site' as channel,
        site_events.source_name,
        site_events.source_name || ':product:' || site_events.product_id as subject_key,
        cast(null as decimal(18, 4)) as amount

    from site_events
    inner join customers on site_events.record_key = customers.record_key

),

tickets_opened as (

    select
        ticket_key || ':opened' as event_key,
        customer_key,
        ticket_opened_at as occurred_at,
        'ticket_opened' as event_type,
        'support' as channel,
        source_name,
        ticket_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from tickets

),

tickets_rated as (

    select
        ticket_key || ':rated' as event_key,
        customer_key,
        csat_rated_at as occurred_at,
        case
            when is_csat_satisfied then 'ticket_rated_good' else 'ticket_rated_bad'
        end as event_type,
        'support' as channel,
        source_name,
        ticket_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from tickets

    where csat_rated_at is not null

),

unioned as (

    select * from orders_placed
    union all
    select * from orders_cancelled
    union all
    select * from orders_refunded
    union all
    select * from checkouts_started
    union all
    select * from messages_engaged
    union all
    select * from site_visited
    union all
    select * from tickets_opened
    union all
    select * from tickets_rated

),

final as (

    select
        unioned.event_key,
        unioned.customer_key,
        unioned.occurred_at,
        unioned.event_type,
        unioned.channel,
        unioned.source_name,
        unioned.subject_key,
        unioned.amount,
        case
            when unioned.amount is not null then run_context.reporting_currency_code
        end as currency_code

    from unioned
    cross join run_context

)

select * from final
