{# Whether one of a customer's `segment_keys` is the segment; false without segments, never null for a segment. #}
{% macro is_in_segment(segment_key, segment_keys) -%}
    contains(',' || coalesce({{ segment_keys }}, '') || ',', ',' || {{ segment_key }} || ',')
{%- endmacro %}
