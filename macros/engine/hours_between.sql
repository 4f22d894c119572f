{# Hours, with fraction, from one timestamp to a later one. #}
{% macro hours_between(start, end) -%}
    ({{ seconds_between(start, end) }} / 3600e0)
{%- endmacro %}
