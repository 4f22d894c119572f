with

checkouts as (

    select * from {{ ref('checkouts') }}

),

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

-- Somebody who ordered after leaving a checkout has got over it, whichever checkout the
-- order came from.
joined as (

    select
        checkouts.customer_key,
        checkouts.started_at,
        checkouts.total_amount,
        checkouts.is_abandoned,
        checkouts.is_abandoned
        and (
            customer_orders.last_ordered_at is null
            or checkouts.started_at > customer_orders.last_ordered_at
        ) as is_open

    from checkouts
    left join customer_orders
        on checkouts.customer_key = customer_orders.customer_key

    where checkouts.customer_key is not null

),

last_open as (

    select
        customer_key,
        max(started_at) as open_checkout_started_at

    from joined

    where is_open

    group by 1

),

summarized as (

    select
        joined.customer_key,
        count(*) as checkout_count,
        count(*) filter (where joined.is_abandoned) as abandoned_checkout_count,
        count(*) filter (where not joined.is_abandoned) as recovered_checkout_count,
        count(*) filter (where joined.is_open) as open_checkout_count,
        max(joined.started_at) as last_checkout_started_at,
        max(last_open.open_checkout_started_at) as open_checkout_started_at,
        -- The last open one only: who starts over puts the same things into the cart again.
        max(joined.total_amount) filter (
            where joined.started_at = last_open.open_checkout_started_at
        ) as open_checkout_amount

    from joined
    left join last_open on joined.customer_key = last_open.customer_key

    group by 1

)

select * from summarized
