{# The measures of one mart (`vars.kpi_measures`) as aggregates: sums, and counts of distinct customers. #}
{% macro kpi_measures(mart) -%}
    {%- set measures = var('kpi_measures')[mart] -%}
    {%- set columns = [] -%}
    {%- for name, expression in measures.get('sums', {}).items() -%}
        {%- do columns.append('cast(sum(' ~ expression ~ ') as ' ~ kpi_type(name) ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {%- for name, expression in measures.get('distinct_counts', {}).items() -%}
        {%- do columns.append('count(distinct ' ~ expression ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {{ columns | join(',\n        ') }}
{%- endmacro %}

{# Names of one mart's measures. #}
{% macro kpi_measure_names(mart) %}
    {%- set measures = var('kpi_measures')[mart] -%}
    {{ return((measures.get('sums', {}).keys() | list) + (measures.get('distinct_counts', {}).keys() | list)) }}
{% endmacro %}

{# Money is decimal, everything else that is summed is counted. #}
{% macro kpi_type(name) %}
    {{- 'decimal(18, 4)' if name.endswith('_amount') else 'bigint' -}}
{% endmacro %}
