{{ config(materialized='table') }}

with

records as (

    select * from {{ ref('int_identity_records_normalized') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

separated_components as (

    select * from {{ ref('int_identity_components_separated') }}

),

edges as (

    select * from {{ ref('int_identity_edges') }}

),

-- A link between two people that were told apart links nobody.
standing_edges as (

    select
        edges.left_node_id,
        edges.right_node_id,
        edges.rule,
        edges.score

    from edges
    left join separated_components as left_components
        on edges.left_node_id = left_components.node_id
    left join separated_components as right_components
        on edges.right_node_id = right_components.node_id

    where left_components.component_id is not distinct from right_components.component_id

),

edge_ends as (

    select
        left_node_id as node_id,
        rule,
        score
    from standing_edges

    union all

    select
        right_node_id as node_id,
        rule,
        score
    from standing_edges

),

-- The strongest link; of equals the first in alphabetical order. Scores stay far below 10,000.
links as (

    select
        node_id,
        substring(
            min(concat(lpad(cast(10000 - score as {{ dbt.type_string() }}), 5, '0'), rule)), 6, 40
        ) as link_rule

    from edge_ends

    group by node_id

),

grouped as (

    select
        records.node_id,
        records.record_key,
        records.created_at,
        coalesce(
            separated_components.component_id, components.component_id, records.node_id
        ) as component_id

    from records
    left join components on records.node_id = components.node_id
    left join separated_components on records.node_id = separated_components.node_id

),

ordered as (

    select
        node_id,
        first_value(record_key) over (
            partition by component_id
            order by created_at asc nulls last, record_key asc nulls last
        ) as first_record_key,
        row_number() over (
            partition by component_id
            order by created_at asc nulls last, record_key asc nulls last
        ) as record_number

    from grouped

),

-- The key comes from the customer's earliest record alone: whoever rebuilds from the same data
-- gets the same key.
resolved as (

    select
        records.record_key,
        records.node_id,
        substring(md5(ordered.first_record_key), 1, 16) as customer_key,
        ordered.record_number,
        records.source_name,
        records.platform,
        records.record_type,
        records.record_id,
        records.email_normalized,
        records.phone_e164,
        records.created_at,
        links.link_rule

    from records
    inner join ordered on records.node_id = ordered.node_id
    left join links on records.node_id = links.node_id

)

select * from resolved
