{% set prior = var('affinity_prior_orders') %}

with

order_products as (

    select * from {{ ref('int_order_products_recent') }}

),

orders as (

    select
        order_key,
        first_order_key,
        order_sequence_number,
        order_date

    from order_products

    group by 1, 2, 3, 4

),

-- Each order of a customer and the next one.
successions as (

    select
        orders.order_key,
        next_orders.order_key as next_order_key,
        {{ days_between('orders.order_date', 'next_orders.order_date') }} as gap_days

    from orders
    inner join orders as next_orders
        on
            orders.first_order_key = next_orders.first_order_key
            and orders.order_sequence_number + 1 = next_orders.order_sequence_number

    where
        {{ days_between('orders.order_date', 'next_orders.order_date') }}
        <= {{ var('affinity_next_days') }}

),

together as (

    select
        order_products.product_key,
        others.product_key as other_product_key,
        count(*) as pair_count,
        cast(null as double) as median_gap_days

    from order_products
    inner join order_products as others
        on
            order_products.order_key = others.order_key
            and order_products.product_key != others.product_key

    group by 1, 2

    having count(*) >= {{ var('affinity_min_pairs') }}

),

bought_next as (

    select
        order_products.product_key,
        others.product_key as other_product_key,
        count(*) as pair_count,
        cast(median(successions.gap_days) as double) as median_gap_days

    from successions
    inner join order_products on successions.order_key = order_products.order_key
    inner join order_products as others on successions.next_order_key = others.order_key

    group by 1, 2

    having count(*) >= {{ var('affinity_min_pairs') }}

),

unioned as (

    select
        'together' as affinity_type,
        together.*
    from together

    union all

    select
        'next' as affinity_type,
        bought_next.*
    from bought_next

),

-- Out of how many: orders for what is bought together, successions for what is bought next.
product_counts as (

    select
        'together' as affinity_type,
        product_key,
        count(*) as left_count,
        count(*) as right_count

    from order_products

    group by 2

    union all

    select
        'next' as affinity_type,
        order_products.product_key,
        count(left_orders.order_key) as left_count,
        count(right_orders.next_order_key) as right_count

    from order_products
    left join successions as left_orders
        on order_products.order_key = left_orders.order_key
    left join successions as right_orders
        on order_products.order_key = right_orders.next_order_key

    group by 2

),

totals as (

    select
        'together' as affinity_type,
        count(*) as order_count
    from orders

    union all

    select
        'next' as affinity_type,
        count(*) as order_count
    from successions

),

measured as (

    select
        unioned.affinity_type,
        unioned.product_key,
        unioned.other_product_key,
        unioned.pair_count,
        products.left_count as product_order_count,
        others.right_count as other_order_count,
        totals.order_count,
        unioned.median_gap_days,
        cast(unioned.pair_count as double) / nullif(products.left_count, 0) as confidence,
        cast(others.right_count as double) / nullif(totals.order_count, 0) as expected_confidence

    from unioned
    inner join totals on unioned.affinity_type = totals.affinity_type
    inner join product_counts as products
        on
            unioned.affinity_type = products.affinity_type
            and unioned.product_key = products.product_key
    inner join product_counts as others
        on
            unioned.affinity_type = others.affinity_type
            and unioned.other_product_key = others.product_key

),

-- A pair of a product with few orders is held back towards what everybody buys.
scored as (

    select
        *,
        (pair_count + {{ prior }} * expected_confidence) / (product_order_count + {{ prior }})
            as score

    from measured

),

ranked as (

    select
        *,
        row_number() over (
            partition by affinity_type, product_key
            order by score desc, other_product_key asc
        ) as affinity_rank

    from scored

),

final as (

    select
        affinity_type
        || ':' || cast(product_key as {{ dbt.type_string() }})
        || ':' || cast(other_product_key as {{ dbt.type_string() }}) as product_affinity_key,
        affinity_type,
        product_key,
        other_product_key,
        pair_count,
        product_order_count,
        other_order_count,
        order_count,
        {{ kpi_ratio('pair_count', 'order_count') }} as support,
        round(confidence, 6) as confidence,
        round(confidence / nullif(expected_confidence, 0e0), 6) as lift,
        median_gap_days,
        round(score, 6) as score,
        affinity_rank

    from ranked

    where affinity_rank <= 20

)

select * from final
