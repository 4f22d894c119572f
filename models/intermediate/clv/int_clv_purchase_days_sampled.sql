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
            when count(*) <= 64000 then '8'
            when count(*) <= 128000 then '4'
            when count(*) <= 256000 then '2'
            when count(*) <= 512000 then '1'
            when count(*) <= 1024000 then '08'
            when count(*) <= 2048000 then '04'
            when count(*) <= 4096000 then '02'
            when count(*) <= 8192000 then '01'
            when count(*) <= 16384000 then '008'
            when count(*) <= 32768000 then '004'
            else '002'
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
