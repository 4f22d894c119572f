{# The day of a UTC timestamp in `vars.reporting_timezone`. #}
{% macro to_reporting_date(timestamp) -%}
    {%- if var('reporting_timezone') in ('UTC', 'Etc/UTC') -%}
        cast({{ timestamp }} as date)
    {%- else -%}
        cast({{ to_reporting_time(timestamp) }} as date)
    {%- endif -%}
{%- endmacro %}
