{{ config(materialized='separated_components') }}

with

edges as (

    select * from {{ ref('int_identity_edges') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

separations as (

    select * from {{ ref('int_identity_separations') }}

),

records as (

    select
        node_id,
        record_key

    from {{ ref('int_identity_records_normalized') }}

),

contested_components as (

    select component_id

    from separations

    group by component_id

),

contested_edges as (

    select
        edges.left_node_id,
        edges.right_node_id,
        edges.score

    from edges
    inner join components on edges.left_node_id = components.node_id
    inner join contested_components
        on components.component_id = contested_components.component_id

),

-- Node numbers differ between builds; record keys do not, so ties are decided by them.
ranked_edges as (

    select
        contested_edges.left_node_id as source_node,
        contested_edges.right_node_id as target_node,
        row_number() over (
            order by
                contested_edges.score desc,
                least(left_records.record_key, right_records.record_key) asc,
                greatest(left_records.record_key, right_records.record_key) asc
        ) as edge_rank

    from contested_edges
    inner join records as left_records
        on contested_edges.left_node_id = left_records.node_id
    inner join records as right_records
        on contested_edges.right_node_id = right_records.node_id

),

unioned as (

    select * from ranked_edges

    union all

    select
        left_node_id as source_node,
        right_node_id as target_node,
        cast(null as bigint) as edge_rank
    from separations

)

select * from unioned
