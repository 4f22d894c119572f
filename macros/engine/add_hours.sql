{# The timestamp a number of hours later (earlier when negative); the number may be an expression. #}
{% macro add_hours(timestamp, hours) -%}
    {{ return(adapter.dispatch('add_hours')(timestamp, hours)) }}
{%- endmacro %}

{% macro duckdb__add_hours(timestamp, hours) -%}
    ({{ timestamp }} + to_hours(cast({{ hours }} as integer)))
{%- endmacro %}

{% macro spark__add_hours(timestamp, hours) -%}
    ({{ timestamp }} + make_interval(0, 0, 0, 0, cast({{ hours }} as int)))
{%- endmacro %}
