-- Fails when a customer is missing from customer_360, or is in it without being a customer.
{{ config(meta={'dagster': {'ref': {'name': 'customer_360'}}}) }}

with

customers as (

    select customer_key from {{ ref('customers') }}

),

customer_360 as (

    select customer_key from {{ ref('customer_360') }}

)

select
    customers.customer_key as customer_key_expected,
    customer_360.customer_key as customer_key_found
from customers
full outer join customer_360 on customers.customer_key = customer_360.customer_key
where
    customers.customer_key is null
    or customer_360.customer_key is null
