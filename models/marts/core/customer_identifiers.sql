-- A view: the private warehouse has these rows in the intermediate table already.
{{ config(materialized='view') }}

select
    record_key,
    customer_key,
    source_name,
    platform,
    record_type,
    record_id,
    email_normalized,
    phone_e164,
    created_at,
    link_rule

from {{ ref('int_customers_resolved') }}
