{# Whole minutes elapsed from one timestamp to a later one; dbt's `datediff` counts minute boundaries on DuckDB. #}
{% macro minutes_between(start, end) -%}
    cast(floor({{ seconds_between(start, end) }} / 60e0) as bigint)
{%- endmacro %}
