{% set order_columns %}
        'order' as subject_type,
        cast(orders.order_key as {{ dbt.type_string() }}) as subject_key,
        orders.order_id as subject_id,
        cast(null as bigint) as product_key,
        orders.total_amount as amount
{%- endset %}

with

orders as (

    select * from {{ ref('orders') }}

    where
        is_counted
        and customer_key is not null

),

deliveries as (

    select * from {{ ref('int_order_deliveries_summarized') }}

),

order_lines as (

    select
        order_key,
        product_key

    from {{ ref('order_lines') }}

    where is_counted

),

customers as (

    select
        customer_key,
        last_ordered_at

    from {{ ref('int_customer_attributes') }}

),

next_products as (

    select * from {{ ref('customer_next_products') }}

    -- What they buy anyway is replenishment; what everybody buys is no reason to write.
    where reason = 'bought_next_by_others'

),

replenishables as (

    select
        product_key,
        median_gap_days

    from {{ ref('product_affinities') }}

    where
        affinity_type = 'next'
        and product_key = other_product_key
        and confidence >= {{ var('replenishment_min_confidence') }}
        and median_gap_days is not null

),

placed as (

    select
        orders.customer_key,
        'order_placed' as occasion,
        orders.ordered_at as occurred_at,
        {{ order_columns }}

    from orders

),

delivered as (

    select
        orders.customer_key,
        'order_delivered' as occasion,
        deliveries.delivered_at as occurred_at,
        {{ order_columns }}

    from orders
    inner join deliveries on orders.order_key = deliveries.order_key

    where deliveries.delivered_at is not null

),

overdue as (

    select
        orders.customer_key,
        'delivery_overdue' as occasion,
        deliveries.overdue_since_at as occurred_at,
        {{ order_columns }}

    from orders
    inner join deliveries on orders.order_key = deliveries.order_key

    where deliveries.overdue_since_at is not null

),

-- Few products are bought again and again; only their lines are joined.
last_bought as (

    select
        orders.customer_key,
        order_lines.product_key,
        max(orders.ordered_at) as ordered_at,
        max(replenishables.median_gap_days) as median_gap_days

    from order_lines
    inner join replenishables on order_lines.product_key = replenishables.product_key
    inner join orders on order_lines.order_key = orders.order_key

    group by orders.customer_key, order_lines.product_key

),

replenishment as (

    select
        customer_key,
        'replenishment_due' as occasion,
        {{ dbt.dateadd('hour', 'cast(24 * median_gap_days as bigint)', 'ordered_at') }}
            as occurred_at,
        'product' as subject_type,
        cast(product_key as {{ dbt.type_string() }}) as subject_key,
        cast(null as {{ dbt.type_string() }}) as subject_id,
        product_key,
        cast(null as decimal(18, 4)) as amount

    from last_bought

),

best_next as (

    select
        customer_key,
        min_by(product_key, product_rank) as product_key

    from next_products

    group by customer_key

),

next_product as (

    select
        customers.customer_key,
        'next_product_found' as occasion,
        customers.last_ordered_at as occurred_at,
        'product' as subject_type,
        cast(best_next.product_key as {{ dbt.type_string() }}) as subject_key,
        cast(null as {{ dbt.type_string() }}) as subject_id,
        best_next.product_key,
        cast(null as decimal(18, 4)) as amount

    from best_next
    inner join customers on best_next.customer_key = customers.customer_key

    where customers.last_ordered_at is not null

),

unioned as (

    select * from placed
    union all
    select * from delivered
    union all
    select * from overdue
    union all
    select * from replenishment
    union all
    select * from next_product

)

select * from unioned
