-- A view in the private warehouse: its columns are in two tables and are written once more only,
-- into the published file.
{{ config(materialized='view') }}

with

attributes as (

    select * from {{ ref('int_customer_attributes') }}

),

segments as (

    select * from {{ ref('int_customer_segments_assigned') }}

),

joined as (

    select
        attributes.*,
        segments.lifecycle_stage,
        segments.rfm_group,
        segments.segment_count,
        segments.segment_keys

    from attributes
    left join segments on attributes.customer_key = segments.customer_key

)

select * from joined
