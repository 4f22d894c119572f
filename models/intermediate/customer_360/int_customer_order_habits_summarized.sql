with

orders as (

    select * from {{ ref('orders') }}

    where
        is_counted
        and customer_key is not null

),

refunds as (

    select * from {{ ref('refunds') }}

    where
        is_counted
        and customer_key is not null

),

-- One pass over the orders for both habits: few customers pay and receive in many ways.
combined as (

    select
        customer_key,
        delivery_method,
        payment_method,
        count(*) as order_count

    from orders

    group by customer_key, delivery_method, payment_method

),

delivery_methods as (

    select
        customer_key,
        delivery_method,
        sum(order_count) as order_count

    from combined

    where delivery_method is not null

    group by customer_key, delivery_method

),

payment_methods as (

    select
        customer_key,
        payment_method,
        sum(order_count) as order_count

    from combined

    where payment_method is not null

    group by customer_key, payment_method

),

preferred_delivery_methods as (

    select
        customer_key,
        {{ most_frequent('delivery_method', 'order_count') }} as preferred_delivery_method

    from delivery_methods

    group by customer_key

),

preferred_payment_methods as (

    select
        customer_key,
        {{ most_frequent('payment_method', 'order_count') }} as preferred_payment_method

    from payment_methods

    group by customer_key

),

returned as (

    select
        customer_key,
        sum(quantity) as returned_item_quantity

    from refunds

    group by customer_key

),

customers as (

    select customer_key
    from combined
    group by customer_key

),

joined as (

    select
        customers.customer_key,
        preferred_delivery_methods.preferred_delivery_method,
        preferred_payment_methods.preferred_payment_method,
        cast(coalesce(returned.returned_item_quantity, 0) as bigint) as returned_item_quantity

    from customers
    left join preferred_delivery_methods
        on customers.customer_key = preferred_delivery_methods.customer_key
    left join preferred_payment_methods
        on customers.customer_key = preferred_payment_methods.customer_key
    left join returned on customers.customer_key = returned.customer_key

)

select * from joined
