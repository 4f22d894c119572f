-- A view in the private warehouse: millions of rows that are written once, into the published file.
{{ config(materialized='view') }}

with

site_events as (

    select * from {{ ref('int_site_events_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- A theme may send any number as the value of a visit: it is no money and not published.
joined as (

    select
        site_events.site_event_key,
        site_events.source_name,
        customers.customer_key,
        site_events.event_type,
        site_events.product_id,
        site_events.occurred_at

    from site_events
    left join customers on site_events.record_key = customers.record_key

)

select * from joined
