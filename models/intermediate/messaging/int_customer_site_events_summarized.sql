with

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- Profile and product first: millions of events shrink before they meet the customers.
per_product as (

    select
        record_key,
        product_id,
        max(product_title) as product_title,
        count(*) as site_event_count,
        count(*) filter (where event_type = 'viewed_product') as product_view_count,
        count(*) filter (where event_type = 'added_to_cart') as cart_addition_count,
        max(occurred_at) as last_site_event_at,
        max(occurred_at) filter (where event_type = 'viewed_product') as last_product_viewed_at

    from site_events

    group by record_key, product_id

),

-- Two profiles of a customer may have looked at the same product.
per_customer as (

    select
        customers.customer_key,
        per_product.product_id,
        max(per_product.product_title) as product_title,
        sum(per_product.site_event_count) as site_event_count,
        sum(per_product.product_view_count) as product_view_count,
        sum(per_product.cart_addition_count) as cart_addition_count,
        max(per_product.last_site_event_at) as last_site_event_at,
        max(per_product.last_product_viewed_at) as last_product_viewed_at

    from per_product
    inner join customers on per_product.record_key = customers.record_key

    group by customers.customer_key, per_product.product_id

),

ranked as (

    select
        *,
        -- Of two products looked at in the same moment the later id, so that there is one answer.
        case
            when product_view_count > 0
                then concat(
                    cast(last_product_viewed_at as {{ dbt.type_string() }}), ' ', product_id
                )
        end as view_rank

    from per_customer

),

summarized as (

    select
        customer_key,
        cast(sum(site_event_count) as bigint) as site_event_count,
        cast(sum(product_view_count) as bigint) as product_view_count,
        count(product_id) filter (where product_view_count > 0) as viewed_product_count,
        cast(sum(cart_addition_count) as bigint) as cart_addition_count,
        max(last_site_event_at) as last_site_event_at,
        max(last_product_viewed_at) as last_product_viewed_at,
        max_by(product_id, view_rank) filter (where product_id is not null)
            as last_viewed_product_id,
        nullif(
            max_by(coalesce(product_title, ''), view_rank) filter (where product_id is not null), ''
        ) as last_viewed_product_title

    from ranked

    group by customer_key

)

select * from summarized
