{# One coordinate (`cos` or `sin`) of an hour on the face of a clock of 24 hours, in thousandths; null for no hour. #}
{% macro clock_arrow(function, hours) -%}
    cast(round(1e3 * {{ function }}({{ hours }} * {{ radians_per_hour() }})) as bigint)
{%- endmacro %}

{# 24 hours are a full turn. #}
{% macro radians_per_hour() -%}
    0.2617993877991494e0
{%- endmacro %}
