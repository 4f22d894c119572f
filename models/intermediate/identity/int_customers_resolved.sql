{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

grouped as (

    select
        records.record_key,
        records.node_id,
        coalesce(components.component_id, records.node_id) as component_id,
        records.created_at

    from records
    left join components on records.node_id = components.node_id

),

-- The key comes from the component's earliest record alone: whoever rebuilds from the same data gets the same key.
resolved as (

    select
        record_key,
        node_id,
        substring(
            md5(first_value(record_key) over (
                partition by component_id
                order by created_at asc nulls last, record_key asc
            )),
            1,
            16
        ) as customer_key

    from grouped

)

select * from resolved
