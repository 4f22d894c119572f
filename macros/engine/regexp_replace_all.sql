{#
    Every match of `pattern` replaced. `pattern` and `replacement` are plain text, not SQL literals; stay with what
    RE2 and Java share. The engines differ in two ways: DuckDB replaces only the first match unless told
    otherwise, and Spark reads a backslash in a literal as an escape.
#}
{% macro regexp_replace_all(expression, pattern, replacement) -%}
    {{ adapter.dispatch('regexp_replace_all', 'crm_warehouse')(expression, pattern, replacement) }}
{%- endmacro %}

{% macro duckdb__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern | replace("\\", "\\\\") }}', '{{ replacement | replace("\\", "\\\\") }}')
{%- endmacro %}
