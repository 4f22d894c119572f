{% set window_days = var('attribution_window_days') %}

with

clicks as (

    select
        message_event_key,
        record_key,
        message_key,
        variation_id,
        occurred_at as clicked_at,
        {{ days_between("cast('1990-01-01' as date)", 'cast(occurred_at as date)') }} as day_number

    from {{ ref('int_message_events_unioned') }}

    where
        event_type = 'clicked'
        and message_key is not null

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

orders as (

    select
        order_key,
        customer_key,
        order_date,
        ordered_at,
        sales_amount,
        {{ days_between("cast('1990-01-01' as date)", 'cast(ordered_at as date)') }} as day_number

    from {{ ref('orders') }}

    where
        is_counted
        and customer_key is not null

),

-- A click can lead to orders of its own stretch of days and of the next one: an order meets the
-- clicks of a fortnight, not every click of its customer.
offsets as (

    select offsets.stretch_offset
    from (values (0), (1)) as offsets (stretch_offset)

),

clicks_stretched as (

    select
        customers.customer_key,
        clicks.message_event_key,
        clicks.message_key,
        clicks.variation_id,
        clicks.clicked_at,
        cast(floor(clicks.day_number / {{ window_days }}e0) as bigint)
        + offsets.stretch_offset as stretch_number

    from clicks
    inner join customers on clicks.record_key = customers.record_key
    cross join offsets

),

paired as (

    select
        orders.order_key,
        orders.customer_key,
        orders.order_date,
        orders.ordered_at,
        orders.sales_amount,
        clicks_stretched.message_key,
        clicks_stretched.variation_id,
        clicks_stretched.clicked_at,
        row_number() over (
            partition by orders.order_key
            order by clicks_stretched.clicked_at desc, clicks_stretched.message_event_key asc
        ) as click_rank

    from orders
    inner join clicks_stretched
        on
            orders.customer_key = clicks_stretched.customer_key
            and cast(floor(orders.day_number / {{ window_days }}e0) as bigint)
            = clicks_stretched.stretch_number

    where
        clicks_stretched.clicked_at <= orders.ordered_at
        and {{ seconds_between('clicks_stretched.clicked_at', 'orders.ordered_at') }}
        <= {{ window_days }} * 86400

),

final as (

    select
        order_key,
        customer_key,
        order_date,
        message_key,
        variation_id,
        clicked_at,
        {{ minutes_between('clicked_at', 'ordered_at') }} as minutes_to_order,
        sales_amount

    from paired

    where click_rank = 1

)

select * from final
