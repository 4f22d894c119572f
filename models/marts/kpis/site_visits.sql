with

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

orders as (

    select
        customer_key,
        order_date

    from {{ ref('orders') }}

    where
        is_counted
        and customer_key is not null

),

-- Profiles first: millions of events shrink before they meet the customers.
per_profile as (

    select
        record_key,
        {{ to_reporting_date('occurred_at') }} as visit_date,
        count(*) as site_event_count,
        count(*) filter (where event_type = 'viewed_product') as product_view_count,
        count(*) filter (where event_type = 'added_to_cart') as cart_addition_count,
        count(*) filter (where event_type = 'started_checkout') as checkout_start_count

    from site_events

    group by 1, 2

),

visits as (

    select
        customers.customer_key,
        per_profile.visit_date,
        sum(per_profile.site_event_count) as site_event_count,
        sum(per_profile.product_view_count) as product_view_count,
        sum(per_profile.cart_addition_count) > 0 as has_added_to_cart,
        sum(per_profile.checkout_start_count) > 0 as has_started_checkout

    from per_profile
    inner join customers on per_profile.record_key = customers.record_key

    group by 1, 2

),

buying_days as (

    select
        orders.customer_key,
        orders.order_date

    from orders
    inner join visits
        on
            orders.customer_key = visits.customer_key
            and orders.order_date = visits.visit_date

    group by 1, 2

),

final as (

    select
        visits.customer_key || ':' || cast(visits.visit_date as {{ dbt.type_string() }})
            as site_visit_key,
        visits.customer_key,
        visits.visit_date,
        cast(visits.site_event_count as bigint) as site_event_count,
        cast(visits.product_view_count as bigint) as product_view_count,
        visits.has_added_to_cart,
        visits.has_started_checkout,
        buying_days.customer_key is not null as has_ordered

    from visits
    left join buying_days
        on
            visits.customer_key = buying_days.customer_key
            and visits.visit_date = buying_days.order_date

)

select * from final
