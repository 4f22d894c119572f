{{ config(materialized='table') }}

with

records as (

    select record_key, record_number from {{ ref('int_identity_records_normalized') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

resolved as (

    select
        records.record_key,
        records.record_number,
        coalesce(components.component_id, records.record_number) as first_record_number

    from records
    left join components on records.record_number = components.node_id

),

-- The key comes from the component's earliest record alone: whoever rebuilds from the same data gets the same key.
customers as (

    select
        record_number as first_record_number,
        substring(md5(record_key), 1, 16) as customer_key

    from resolved

    where record_number = first_record_number

),

keyed as (

    select
        resolved.record_key,
        customers.customer_key

    from resolved
    inner join customers on resolved.first_record_number = customers.first_record_number

)

select * from keyed
