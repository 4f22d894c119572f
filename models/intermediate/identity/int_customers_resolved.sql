{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

edges as (

    select * from {{ ref('int_identity_edges') }}

),

edge_ends as (

    select left_node_id as node_id, rule from edges
    union all
    select right_node_id as node_id, rule from edges

),

-- In alphabetical order of the rules an e-mail address comes before a phone number.
links as (

    select
        node_id,
        min(rule) as link_rule

    from edge_ends

    group by node_id

),

grouped as (

    select
        records.*,
        coalesce(components.component_id, records.node_id) as component_id,
        links.link_rule

    from records
    left join components on records.node_id = components.node_id
    left join links on records.node_id = links.node_id

),

earliest_at as (

    select
        component_id,
        min(created_at) as created_at

    from grouped

    group by component_id

),

-- The key comes from the component's earliest record alone: whoever rebuilds from the same data gets the same key.
customers as (

    select
        grouped.component_id,
        substring(md5(min(grouped.record_key)), 1, 16) as customer_key

    from grouped
    inner join earliest_at on grouped.component_id = earliest_at.component_id

    where grouped.created_at is not distinct from earliest_at.created_at

    group by grouped.component_id

),

resolved as (

    select
        grouped.record_key,
        grouped.node_id,
        customers.customer_key,
        grouped.source_name,
        grouped.platform,
        grouped.record_type,
        grouped.record_id,
        grouped.email_normalized,
        grouped.phone_e164,
        grouped.created_at,
        grouped.link_rule

    from grouped
    inner join customers on grouped.component_id = customers.component_id

)

select * from resolved
