{# From the flags: the customer's segment of a type that has only one, without the type's prefix; null outside all. #}
{% macro exclusive_segment(segment_type) -%}
    cast(case
        {%- for segment in segment_registry() if segment.segment_type == segment_type %}
            when is_{{ segment.segment_key }} then '{{ segment.segment_key.removeprefix(segment_type ~ "_") }}'
        {%- endfor %}
        end as {{ dbt.type_string() }})
{%- endmacro %}
