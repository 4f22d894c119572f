-- A view for readers too: every row is in another mart already. Published views read published
-- tables and nothing else.
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

    select * from {{ ref('site_events') }}

    where customer_key is not null

),

tickets as (

    select * from {{ ref('tickets') }}

    where customer_key is not null

),

feedback as (

    select * from {{ ref('feedback') }}

    where customer_key is not null

),

orders_placed as (

    select
        'order_placed' as event_type,
        cast(order_key as {{ dbt.type_string() }}) as event_key,
        customer_key,
        ordered_at as occurred_at,
        'shop' as channel,
        source_name,
        cast(order_key as {{ dbt.type_string() }}) as subject_key,
        sales_amount as amount

    from orders

),

orders_cancelled as (

    select
        'order_cancelled' as event_type,
        cast(order_key as {{ dbt.type_string() }}) as event_key,
        customer_key,
        cancelled_at as occurred_at,
        'shop' as channel,
        source_name,
        cast(order_key as {{ dbt.type_string() }}) as subject_key,
        sales_amount as amount

    from orders

    where is_cancelled

),

orders_refunded as (

    select
        'order_refunded' as event_type,
        cast(refund_key as {{ dbt.type_string() }}) as event_key,
        customer_key,
        min(refunded_at) as occurred_at,
        'shop' as channel,
        source_name,
        cast(order_key as {{ dbt.type_string() }}) as subject_key,
        cast(sum(refund_amount) as decimal(18, 4)) as amount

    from refunds

    group by refund_key, customer_key, source_name, order_key

),

checkouts_started as (

    select
        'checkout_started' as event_type,
        cast(checkout_key as {{ dbt.type_string() }}) as event_key,
        customer_key,
        started_at as occurred_at,
        'shop' as channel,
        source_name,
        cast(checkout_key as {{ dbt.type_string() }}) as subject_key,
        total_amount as amount

    from checkouts

),

messages_engaged as (

    select
        'message_' || event_type as event_type,
        message_event_key as event_key,
        customer_key,
        occurred_at,
        channel,
        source_name,
        message_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from message_events

),

site_visited as (

    select
        'site_' || event_type as event_type,
        site_event_key as event_key,
        customer_key,
        occurred_at,
        'site' as channel,
        source_name,
        product_id as subject_key,
        cast(null as decimal(18, 4)) as amount

    from site_events

),

tickets_opened as (

    select
        'ticket_opened' as event_type,
        ticket_key as event_key,
        customer_key,
        ticket_opened_at as occurred_at,
        'support' as channel,
        source_name,
        ticket_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from tickets

),

tickets_rated as (

    select
        case
            when is_csat_satisfied then 'ticket_rated_good' else 'ticket_rated_bad'
        end as event_type,
        ticket_key as event_key,
        customer_key,
        csat_rated_at as occurred_at,
        'support' as channel,
        source_name,
        ticket_key as subject_key,
        cast(null as decimal(18, 4)) as amount

    from tickets

    where csat_rated_at is not null

),

feedback_given as (

    select
        case
            when feedback_type = 'nps' then 'nps_answered' else 'review_written'
        end as event_type,
        feedback_key as event_key,
        customer_key,
        answered_at as occurred_at,
        'survey' as channel,
        source_name,
        cast(product_key as {{ dbt.type_string() }}) as subject_key,
        cast(null as decimal(18, 4)) as amount

    from feedback

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
    union all
    select * from feedback_given

)

select * from unioned
