-- Fails when the rules of a type that puts everybody into exactly one segment overlap or
-- leave a gap.
{{ config(meta={'dagster': {'ref': {'name': 'customer_segments'}}}) }}

with

customers as (

    select
        customer_key,
        purchase_day_count > 0 as is_buyer

    from {{ ref('int_customer_attributes') }}

),

memberships as (

    select
        customer_key,
        count(*) filter (where segment_type = 'lifecycle') as lifecycle_count,
        count(*) filter (where segment_type = 'rfm') as rfm_count

    from {{ ref('customer_segments') }}

    group by 1

)

select
    customers.customer_key,
    customers.is_buyer,
    memberships.lifecycle_count,
    memberships.rfm_count
from customers
left join memberships on customers.customer_key = memberships.customer_key
where
    coalesce(memberships.lifecycle_count, 0) != 1
    or coalesce(memberships.rfm_count, 0) != case when customers.is_buyer then 1 else 0 end
