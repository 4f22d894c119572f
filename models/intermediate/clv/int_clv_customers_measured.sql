with

customers as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

measured as (

    select
        customers.customer_key,
        run_context.as_of_date,
        run_context.reporting_currency_code,
        customers.last_order_date,
        customers.last_purchase_date,
        customers.order_count,
        customers.purchase_day_count,
        customers.purchase_day_count - 1 as repeat_purchase_count,
        {{ days_between(
            'customers.first_purchase_date', 'customers.last_purchase_date'
        ) }} as recency_days,
        {{ days_between(
            'customers.first_purchase_date', 'run_context.as_of_date'
        ) }} as age_days,
        customers.sales_amount,
        coalesce(customers.refund_amount, 0) as refund_amount,
        customers.net_amount,
        customers.costed_net_amount,
        customers.margin_amount

    from customers
    cross join run_context

    where customers.purchase_day_count > 0

)

select * from measured
