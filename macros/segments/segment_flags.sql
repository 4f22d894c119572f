{# One boolean column per segment, each on its own line, so that an error about a column shows its segment. #}
{% macro segment_flags() -%}
    {%- for segment in segment_registry() %}
        {{ segment_condition(segment) }} as is_{{ segment.segment_key }}
        {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
