{#
    Tables that live only while one model is being built. DuckDB has temporary tables; Spark has none, so there
    they are ordinary tables beside the model, dropped after use.
#}
{% macro create_scratch_table(name, select_sql) %}
    {% set table = adapter.dispatch('scratch_table_name', 'crm_warehouse')(name) %}
    {% do adapter.dispatch('create_scratch_table', 'crm_warehouse')(table, select_sql) %}
    {{ return(table) }}
{% endmacro %}

{% macro drop_scratch_table(table) %}
    {% do run_query('drop table if exists ' ~ table) %}
{% endmacro %}

{# Rows of a scratch table, or those where a boolean column is true. #}
{% macro scratch_row_count(table, condition='true') %}
    {% set rows = run_query('select count(*) from ' ~ table ~ ' where ' ~ condition) %}
    {{ return(rows.columns[0].values()[0]) }}
{% endmacro %}

{% macro duckdb__scratch_table_name(name) %}
    {{ return(model.name ~ '__' ~ name) }}
{% endmacro %}

{% macro spark__scratch_table_name(name) %}
    {{ return(this.schema ~ '.' ~ model.name ~ '__' ~ name) }}
{% endmacro %}

{% macro duckdb__create_scratch_table(table, select_sql) %}
    {% do run_query('create or replace temporary table ' ~ table ~ ' as ' ~ select_sql) %}
{% endmacro %}

{% macro spark__create_scratch_table(table, select_sql) %}
    {% do run_query('create or replace table ' ~ table ~ ' as ' ~ select_sql) %}
{% endmacro %}
