{# The UTC timestamp at which the clocks of `vars.reporting_timezone` show a time. #}
{% macro from_reporting_time(timestamp) -%}
    {{ return(adapter.dispatch('from_reporting_time')(timestamp)) }}
{%- endmacro %}

{% macro duckdb__from_reporting_time(timestamp) -%}
    timezone('UTC', timezone('{{ var("reporting_timezone") }}', {{ timestamp }}))
{%- endmacro %}

{% macro spark__from_reporting_time(timestamp) -%}
    to_utc_timestamp({{ timestamp }}, '{{ var("reporting_timezone") }}')
{%- endmacro %}
