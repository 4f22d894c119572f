with

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- Profile first: millions of events shrink before they meet the customers.
per_profile as (

    select
        record_key,
        count(*) as site_event_count,
        count(*) filter (where event_type = 'viewed_product') as product_view_count,
        count(*) filter (where event_type = 'added_to_cart') as cart_addition_count,
        min(occurred_at) as first_site_event_at,
        max(occurred_at) as last_site_event_at,
        max(occurred_at) filter (where event_type = 'viewed_product') as last_product_viewed_at

    from site_events

    group by 1

),

summarized as (

    select
        customers.customer_key,
        cast(sum(per_profile.site_event_count) as bigint) as site_event_count,
        cast(sum(per_profile.product_view_count) as bigint) as product_view_count,
        cast(sum(per_profile.cart_addition_count) as bigint) as cart_addition_count,
        min(per_profile.first_site_event_at) as first_site_event_at,
        max(per_profile.last_site_event_at) as last_site_event_at,
        max(per_profile.last_product_viewed_at) as last_product_viewed_at

    from per_profile
    inner join customers on per_profile.record_key = customers.record_key

    group by 1

)

select * from summarized
