with

affinities as (

    select * from {{ ref('product_affinities') }}

    where affinity_type = 'next'

),

customer_products as (

    select * from {{ ref('int_customer_products_counted') }}

),

orders as (

    select
        order_key,
        first_order_key,
        customer_key,
        order_sequence_number

    from {{ ref('int_orders_resolved') }}

    where first_order_key is not null

),

order_lines as (

    select
        order_key,
        product_key

    from {{ ref('order_lines') }}

    where
        is_counted
        and product_key is not null

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

last_orders as (

    select
        first_order_key,
        max_by(order_key, order_sequence_number) as order_key,
        max(customer_key) as customer_key

    from orders

    group by 1

),

last_products as (

    select
        last_orders.first_order_key,
        order_lines.product_key

    from order_lines
    inner join last_orders on order_lines.order_key = last_orders.order_key

    group by 1, 2

),

popular as (

    select
        product_key,
        row_number() over (order by count(*) desc, product_key asc) as popularity_rank,
        count(*) as order_count

    from {{ ref('int_order_products_recent') }}

    group by 1

),

-- What people like them bought after their last order.
after_last_order as (

    select
        last_products.first_order_key,
        affinities.other_product_key as product_key,
        affinities.score,
        last_products.product_key as because_product_key

    from last_products
    inner join affinities on last_products.product_key = affinities.product_key

    where affinities.affinity_rank <= 10

),

-- What they keep buying, as readily as others buy it again.
favourites as (

    select
        customer_products.first_order_key,
        customer_products.product_key,
        affinities.score * least(customer_products.line_count, 5) as score,
        customer_products.product_key as because_product_key

    from customer_products
    inner join affinities
        on
            customer_products.product_key = affinities.product_key
            and customer_products.product_key = affinities.other_product_key

    where customer_products.has_bought_again

),

-- For everybody, so that nobody has fewer than five; too low to displace anything above.
bestsellers as (

    select
        last_orders.first_order_key,
        popular.product_key,
        1e-7 / popular.popularity_rank as score,
        cast(null as bigint) as because_product_key

    from last_orders
    cross join popular

    where popular.popularity_rank <= 5

),

candidates as (

    select * from after_last_order
    union all
    select * from favourites
    union all
    select * from bestsellers

),

added_up as (

    select
        first_order_key,
        product_key,
        sum(score) as score,
        max_by(because_product_key, score) filter (
            where because_product_key is not null
        ) as because_product_key

    from candidates

    group by 1, 2

),

ranked as (

    select
        first_order_key,
        product_key,
        round(score, 6) as score,
        because_product_key,
        row_number() over (
            partition by first_order_key
            order by round(score, 9) desc, product_key asc
        ) as product_rank

    from added_up

),

final as (

    select
        last_orders.customer_key || ':' || cast(ranked.product_rank as {{ dbt.type_string() }})
            as customer_next_product_key,
        last_orders.customer_key,
        ranked.product_rank,
        ranked.product_key,
        case
            when ranked.because_product_key is null then 'bestseller'
            when ranked.because_product_key = ranked.product_key then 'bought_before'
            else 'bought_next_by_others'
        end as reason,
        ranked.because_product_key,
        ranked.score,
        run_context.as_of_date as as_of

    from ranked
    inner join last_orders on ranked.first_order_key = last_orders.first_order_key
    cross join run_context

    where ranked.product_rank <= 5

)

select * from final
