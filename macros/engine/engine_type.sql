{# Contract type -> the engine's spelling. Only text differs between DuckDB and Spark. #}
{% macro engine_type(type) %}
    {{- dbt.type_string() if type == 'string' else type -}}
{% endmacro %}
