{{ config(materialized='connected_components') }}

select
    left_record_number as source_node,
    right_record_number as target_node

from {{ ref('int_identity_edges') }}
