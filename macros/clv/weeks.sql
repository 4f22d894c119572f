{# Days as weeks, the unit of the fitted parameters. #}
{% macro weeks(days) -%}
    (cast({{ days }} as double) / 7e0)
{%- endmacro %}
