with

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

    where event_type = 'asked_for_restock'

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

variants as (

    select * from {{ ref('int_product_variants_unioned') }}

    where stock_quantity > 0

),

order_lines as (

    select * from {{ ref('order_lines') }}

    where is_counted

),

orders as (

    select * from {{ ref('orders') }}

),

-- Who asked for the product as such takes any variant of it.
items_in_stock as (

    select
        'variant' as item_type,
        variant_id as item_id,
        max(product_key) as product_key,
        max(stock_changed_at) as stock_changed_at

    from variants

    group by variant_id

    union all

    select
        'product' as item_type,
        product_id as item_id,
        max(product_key) as product_key,
        max(stock_changed_at) as stock_changed_at

    from variants

    group by product_id

),

requests as (

    select
        customers.customer_key,
        case when site_events.variant_id is null then 'product' else 'variant' end as item_type,
        coalesce(site_events.variant_id, site_events.product_id) as item_id,
        max(site_events.occurred_at) as requested_at,
        max_by(
            site_events.site_event_key,
            concat(
                cast(site_events.occurred_at as {{ dbt.type_string() }}),
                ' ', site_events.site_event_key
            )
        ) as site_event_key

    from site_events
    inner join customers on site_events.record_key = customers.record_key

    group by
        customers.customer_key,
        case when site_events.variant_id is null then 'product' else 'variant' end,
        coalesce(site_events.variant_id, site_events.product_id)

),

fulfillable as (

    select
        requests.customer_key,
        requests.requested_at,
        requests.site_event_key,
        items_in_stock.product_key,
        items_in_stock.stock_changed_at

    from requests
    inner join items_in_stock
        on
            requests.item_type = items_in_stock.item_type
            and requests.item_id = items_in_stock.item_id

    where items_in_stock.stock_changed_at > requests.requested_at

),

awaited as (

    select distinct product_key from fulfillable

),

-- Few products are waited for; only their lines are joined.
bought as (

    select
        orders.customer_key,
        order_lines.product_key,
        max(orders.ordered_at) as last_ordered_at

    from order_lines
    inner join awaited on order_lines.product_key = awaited.product_key
    inner join orders on order_lines.order_key = orders.order_key

    group by orders.customer_key, order_lines.product_key

),

final as (

    select
        fulfillable.customer_key,
        'back_in_stock' as occasion,
        fulfillable.stock_changed_at as occurred_at,
        'request' as subject_type,
        fulfillable.site_event_key as subject_key,
        fulfillable.product_key

    from fulfillable
    left join bought
        on
            fulfillable.customer_key = bought.customer_key
            and fulfillable.product_key = bought.product_key

    where
        bought.last_ordered_at is null
        or bought.last_ordered_at < fulfillable.requested_at

)

select * from final
