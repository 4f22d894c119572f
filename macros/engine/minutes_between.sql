{#
    Whole minutes elapsed between two timestamps, null when either is. Counted from seconds, because dbt's own
    `datediff(…, 'minute')` counts minute boundaries on DuckDB and elapsed minutes on Spark.
#}
{% macro minutes_between(from_timestamp, to_timestamp) -%}
    cast(floor({{ dbt.datediff(from_timestamp, to_timestamp, 'second') }} / 60e0) as bigint)
{%- endmacro %}
