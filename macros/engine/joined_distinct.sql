{# Aggregate: the distinct values of a text, sorted and joined by a separator; null when there are none. #}
{% macro joined_distinct(expression, separator=', ') -%}
    {{ return(adapter.dispatch('joined_distinct')(expression, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_distinct(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}

{% macro spark__joined_distinct(expression, separator) -%}
    nullif(array_join(sort_array(collect_set({{ expression }})), '{{ separator }}'), '')
{%- endmacro %}
