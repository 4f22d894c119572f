{{ config(materialized='table') }}
{% set segments = segment_registry() %}
with

attributes as (

    select * from {{ ref('int_customer_attributes') }}

),

-- Every rule in one pass. Each stands on its own line, so that an error about a column shows its segment.
flagged as (

    select
        customer_key,
        as_of
        {%- for segment in segments %},
        {{ segment_condition(segment) }} as is_{{ segment.segment_key }}
        {%- endfor %}

    from attributes

),

assigned as (

    select
        customer_key,
        as_of,
        {%- for type, column in {'lifecycle': 'lifecycle_stage', 'rfm': 'rfm_group'}.items() %}
        case
            {%- for segment in segments if segment.segment_type == type %}
            when is_{{ segment.segment_key }} then '{{ segment.segment_key.removeprefix(type ~ "_") }}'
            {%- endfor %}
        end as {{ column }},
        {%- endfor %}
        cast(
            0
            {%- for segment in segments %} + case when is_{{ segment.segment_key }} then 1 else 0 end
            {%- endfor %} as bigint
        ) as segment_count,
        nullif(concat_ws(
            ','
            {%- for segment in segments %},
            case when is_{{ segment.segment_key }} then '{{ segment.segment_key }}' end
            {%- endfor %}
        ), '') as segment_keys

    from flagged

)

select * from assigned
