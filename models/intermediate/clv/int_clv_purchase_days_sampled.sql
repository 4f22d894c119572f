{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

orders as (

    select * from {{ ref('orders') }}

),

refunds as (

    select * from {{ ref('refunds') }}

),

-- Keys are hexadecimal hashes, so those below a limit are a random sample, and the same one in
-- every build. 16,000 to 32,000 customers tell candidates apart to a fraction of a percent.
sized as (

    select
        case
            when count(*) <= 32000 then 'g'
            {% for exponent in range(1, 13) -%}
            when count(*) <= {{ 32000 * 2 ** exponent }}
                then '{{ '0' * ((exponent - 1) // 4) }}{{ ['8', '4', '2', '1'][(exponent - 1) % 4] }}'
            {% endfor -%}
            else '0008'
        end as key_limit

    from customers

    where purchase_day_count > 0

),

unioned as (

    select
        customer_key,
        order_date as activity_date,
        sales_amount,
        0 as refund_amount

    from orders

    where is_purchase and customer_key < (select key_limit from sized)

    union all

    select
        customer_key,
        refund_date as activity_date,
        0 as sales_amount,
        refund_amount

    from refunds

    where is_counted and customer_key < (select key_limit from sized)

),

summarized as (

    select
        customer_key,
        activity_date,
        cast(sum(sales_amount) as decimal(18, 4)) as sales_amount,
        cast(sum(refund_amount) as decimal(18, 4)) as refund_amount

    from unioned

    group by customer_key, activity_date

)

select * from summarized
