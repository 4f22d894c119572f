{{ config(materialized='connected_components') }}

select
    left_node_id as source_node,
    right_node_id as target_node

from {{ ref('int_identity_edges') }}
