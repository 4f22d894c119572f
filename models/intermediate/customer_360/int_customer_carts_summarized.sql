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

lasts as (

    select
        customer_key,
        max(started_at) as last_checkout_started_at,
        max(started_at) filter (where is_open) as open_checkout_started_at

    from joined

    group by 1

),

summarized as (

    select
        joined.customer_key,
        count(*) as checkout_count,
        count(*) filter (where joined.is_abandoned) as abandoned_checkout_count,
        sum(joined.total_amount) filter (where joined.is_abandoned) as abandoned_amount,
        count(*) filter (where not joined.is_abandoned) as recovered_checkout_count,
        sum(joined.total_amount) filter (where not joined.is_abandoned) as recovered_amount,
        count(*) filter (where joined.is_open) as open_checkout_count,
        max(lasts.last_checkout_started_at) as last_checkout_started_at,
        count(*) filter (
            where joined.started_at = lasts.last_checkout_started_at
            and not joined.is_abandoned
        ) > 0 as is_last_recovered,
        max(lasts.open_checkout_started_at) as open_checkout_started_at,
        -- The last open one only: who starts over puts the same things into the cart again.
        max(joined.total_amount) filter (
            where joined.started_at = lasts.open_checkout_started_at
        ) as open_checkout_amount

    from joined
    left join lasts on joined.customer_key = lasts.customer_key

    group by 1

),

final as (

    select
        customer_key,
        checkout_count,
        abandoned_checkout_count,
        cast(coalesce(abandoned_amount, 0) as decimal(18, 4)) as abandoned_checkout_amount,
        recovered_checkout_count,
        cast(coalesce(recovered_amount, 0) as decimal(18, 4)) as recovered_checkout_amount,
        open_checkout_count,
        last_checkout_started_at,
        case
            when is_last_recovered then 'recovered'
            when last_checkout_started_at = open_checkout_started_at then 'open'
            else 'ordered_since'
        end as last_checkout_outcome,
        open_checkout_started_at,
        open_checkout_amount

    from summarized

)

select * from final
