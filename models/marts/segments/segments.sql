{% set segments = segment_registry() %}
with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

registered as (
    {% for segment in segments %}
    select
        {%- for column in ['segment_key', 'segment_type', 'name', 'purpose', 'owner', 'rule'] %}
        {{ dbt.string_literal(dbt.escape_single_quotes(segment[column] | string)) }} as {{ column }},
        {%- endfor %}
        {{ segment.priority }} as priority,
        {%- for column in ['valid_from', 'valid_to'] %}
        cast({{ "'" ~ segment[column] ~ "'" if segment.get(column) else 'null' }} as date) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

dated as (

    select
        registered.segment_key,
        registered.segment_type,
        registered.name,
        registered.purpose,
        registered.owner,
        cast(registered.priority as bigint) as priority,
        registered.rule,
        registered.valid_from,
        registered.valid_to,
        run_context.as_of_date >= coalesce(registered.valid_from, run_context.as_of_date)
        and run_context.as_of_date <= coalesce(registered.valid_to, run_context.as_of_date)
            as is_active,
        run_context.as_of_date as as_of

    from registered
    cross join run_context

)

select * from dated
