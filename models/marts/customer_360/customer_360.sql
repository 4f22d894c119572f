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
