with

orders as (

    select
        customer_key,
        order_date

    from {{ ref('orders') }}

    where
        is_purchase
        and customer_key is not null

),

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

    where purchase_day_count > 1

),

-- A join, not a window: the day before the last needs no sort of every order.
compared as (

    select
        orders.customer_key,
        max(orders.order_date) as previous_purchase_date

    from orders
    inner join customer_orders
        on
            orders.customer_key = customer_orders.customer_key
            and orders.order_date < customer_orders.last_purchase_date

    group by 1

)

select * from compared
