-- Rows about records that are not there (any more, or yet) decide nothing.
with

overrides as (

    select * from {{ ref('identity_overrides') }}

),

records as (

    select
        record_key,
        node_id

    from {{ ref('int_identity_records_normalized') }}

),

final as (

    select
        left_records.node_id as left_node_id,
        right_records.node_id as right_node_id,
        overrides.left_record_key,
        overrides.right_record_key,
        overrides.decision,
        overrides.reason,
        overrides.decided_on

    from overrides
    inner join records as left_records on overrides.left_record_key = left_records.record_key
    inner join records as right_records
        on overrides.right_record_key = right_records.record_key

)

select * from final
