{# From the flags: how many segments the customer is in. #}
{% macro segment_count() -%}
    cast(
        {%- for segment in segment_registry() %}
            case when is_{{ segment.segment_key }} then 1 else 0 end{{ ' +' if not loop.last }}
        {%- endfor %}
        as bigint)
{%- endmacro %}
