{{ config(materialized='table') }}

with

attributes as (

    select * from {{ ref('int_customer_attributes') }}

),

-- Every rule in one pass, each once: what follows reads only the flags.
flagged as (

    select
        customer_key,
        as_of,
        {{ segment_flags() }}

    from attributes

),

assigned as (

    select
        customer_key,
        as_of,
        {{ exclusive_segment('lifecycle') }} as lifecycle_stage,
        {{ exclusive_segment('rfm') }} as rfm_group,
        {{ segment_count() }} as segment_count,
        {{ segment_keys() }} as segment_keys

    from flagged

)

select * from assigned
