{# The earliest moment that is read from fresh raw data: what is older is in the published customers. #}
{% macro fresh_from(as_of_at) -%}
    {{ dbt.dateadd('hour', -24 * var('journey_fresh_days'), as_of_at) }}
{%- endmacro %}
