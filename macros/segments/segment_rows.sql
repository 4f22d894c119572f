{# The registry as rows. #}
{% macro segment_rows() -%}
    {%- set texts = ['segment_key', 'segment_type', 'name', 'purpose', 'owner', 'rule'] -%}
    {%- for segment in segment_registry() %}
    select
        {%- for column in texts %}
        {{ dbt.string_literal(dbt.escape_single_quotes(segment[column] | string)) }} as {{ column }},
        {%- endfor %}
        cast({{ segment.priority }} as bigint) as priority,
        {%- for column in ['valid_from', 'valid_to'] %}
        cast({{ "'" ~ segment[column] ~ "'" if segment.get(column) else 'null' }} as date) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
