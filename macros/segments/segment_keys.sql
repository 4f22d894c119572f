{# From the flags: the segments' keys joined by commas in order of priority; null in none. concat_ws skips nulls. #}
{% macro segment_keys() -%}
    nullif(concat_ws(
            ','
        {%- for segment in segment_registry() %},
            case when is_{{ segment.segment_key }} then '{{ segment.segment_key }}' end
        {%- endfor %}
        ), '')
{%- endmacro %}
