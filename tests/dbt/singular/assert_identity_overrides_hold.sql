-- Fails when a decision of seeds/identity_overrides.csv could not be kept: other rows of the file
-- decide the opposite, directly or through third records. Remove one of them.
{{ config(meta={'dagster': {'ref': {'name': 'int_customers_resolved'}}}) }}

with

overrides as (

    select * from {{ ref('int_identity_overrides_resolved') }}

),

customers as (

    select
        node_id,
        customer_key

    from {{ ref('int_customers_resolved') }}

)

select
    overrides.left_record_key,
    overrides.right_record_key,
    overrides.decision
from overrides
inner join customers as left_customers on overrides.left_node_id = left_customers.node_id
inner join customers as right_customers on overrides.right_node_id = right_customers.node_id

where
    (overrides.decision = 'together')
    <> (left_customers.customer_key = right_customers.customer_key)
