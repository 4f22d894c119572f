-- Fails when identity resolution loses or doubles a record, or customers does not cover them all.
{{ config(meta={'dagster': {'ref': {'name': 'customers'}}}) }}

with

records as (

    select count(*) as record_count from {{ ref('int_identity_records_normalized') }}

),

identifiers as (

    select
        count(*) as record_count,
        count(customer_key) as keyed_count

    from {{ ref('customer_identifiers') }}

),

customers as (

    select coalesce(sum(record_count), 0) as record_count from {{ ref('customers') }}

)

select
    records.record_count as expected_record_count,
    identifiers.record_count as identifier_count,
    identifiers.keyed_count,
    customers.record_count as customer_record_count
from records
cross join identifiers
cross join customers
where
    records.record_count != identifiers.record_count
    or records.record_count != identifiers.keyed_count
    or records.record_count != customers.record_count
