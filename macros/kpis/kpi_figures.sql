{# The marts of `vars.kpi_measures` that tell of a period: those of months tell nothing of a day. #}
{% macro kpi_marts(period) %}
    {%- set marts = [] -%}
    {%- for mart, measures in var('kpi_measures').items() if measures.get('period', period) == period -%}
        {%- do marts.append(mart) -%}
    {%- endfor -%}
    {{ return(marts) }}
{% endmacro %}

{# Names of the figures of a period: the measures of its marts, and totals and ratios of nothing but these. #}
{% macro kpi_figures(period) %}
    {%- set figures = [] -%}
    {%- for mart in kpi_marts(period) -%}
        {%- do figures.extend(kpi_measure_names(mart)) -%}
    {%- endfor -%}
    {%- for name, expression in var('kpi_totals').items() -%}
        {%- if modules.re.findall('[a-z_]+', expression) | reject('in', figures) | list == [] -%}
            {%- do figures.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, parts in var('kpi_ratios').items() if parts | reject('in', figures) | list == [] -%}
        {%- do figures.append(name) -%}
    {%- endfor -%}
    {{ return(figures) }}
{% endmacro %}
