{# A UTC timestamp as the wall clock of a time zone shows it, the zone being a column; null where there is no such zone. #}
{% macro to_local_time(timestamp, time_zone) -%}
    {{ return(adapter.dispatch('to_local_time')(timestamp, time_zone)) }}
{%- endmacro %}

{# An unknown zone is an error that `try` does not catch: it is looked up first. #}
{% macro duckdb__to_local_time(timestamp, time_zone) -%}
    timezone(
        (select max(name) from pg_timezone_names() where name = {{ time_zone }}),
        timezone('UTC', {{ timestamp }})
    )
{%- endmacro %}

{# Spark has no list of zones: an unknown one is an error there. #}
{% macro spark__to_local_time(timestamp, time_zone) -%}
    from_utc_timestamp({{ timestamp }}, {{ time_zone }})
{%- endmacro %}
