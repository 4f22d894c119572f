{#
    CTEs that sum the Gauss series: for every row of `relation`, R in 2F1(a, b; c; z) = 1 + a b z / c * R.
    `relation` has the columns series_a, series_b, series_c and series_z (0 <= z < 1); the last CTE, `from_1`,
    has them and R as `tail_1`. Nested after Horner, in blocks, so that no expression is deeper than every
    engine's parser likes. What lies beyond the last term is taken for a geometric series of the ratio there.
#}
{% macro hypergeometric_ctes(relation, terms=100, block=10) %}
beyond_{{ terms }} as (

    select
        *,
        1e0 / greatest(1e0 - {{ hypergeometric_ratio(terms + 1) }}, 1e0 - series_z)
            as tail_{{ terms + 1 }}

    from {{ relation }}

),
{% for last in range(terms, 0, -block) %}
{%- set first = last - block + 1 %}
from_{{ first }} as (

    select
        *,
        {% for term in range(first, last + 1) -%}
            1e0 + {{ hypergeometric_ratio(term) }} * (
        {% endfor -%}
        tail_{{ last + 1 }}
        {{ ')' * block }} as tail_{{ first }}

    from {{ 'beyond_' ~ terms if loop.first else 'from_' ~ (last + 1) }}

),
{% endfor %}
{%- endmacro %}

{# Term `term` + 1 of the series per term `term`. #}
{% macro hypergeometric_ratio(term) -%}
    (series_a + {{ term }}e0) * (series_b + {{ term }}e0) / (series_c + {{ term }}e0) / {{ term + 1 }}e0 * series_z
{%- endmacro %}
