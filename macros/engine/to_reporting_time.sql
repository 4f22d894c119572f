{# A UTC timestamp as the wall clock of `vars.reporting_timezone` shows it. #}
{% macro to_reporting_time(timestamp) -%}
    {{ return(adapter.dispatch('to_reporting_time')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__to_reporting_time(timestamp) -%}
    timezone('{{ var("reporting_timezone") }}', timezone('UTC', {{ timestamp }}))
{%- endmacro %}

{% macro spark__to_reporting_time(timestamp) -%}
    from_utc_timestamp({{ timestamp }}, '{{ var("reporting_timezone") }}')
{%- endmacro %}
