{{ config(materialized='table') }}

with

fulfillment_events as (

    select * from {{ ref('int_fulfillment_events_unioned') }}

),

fulfillments as (

    select * from {{ ref('int_fulfillments_unioned') }}

),

-- Carriers move their estimate along with the delay: the earliest day named is what was promised.
tracked as (

    select
        fulfillment_key,
        min(estimated_delivery_at) as promised_at,
        min(occurred_at) filter (where event_type = 'delivered') as delivered_at

    from fulfillment_events

    group by fulfillment_key

),

final as (

    select
        fulfillments.fulfillment_key,
        fulfillments.order_key,
        tracked.promised_at,
        tracked.delivered_at

    from tracked
    inner join fulfillments on tracked.fulfillment_key = fulfillments.fulfillment_key

    where coalesce(fulfillments.status, 'success') not in ('cancelled', 'error', 'failure')

)

select * from final
