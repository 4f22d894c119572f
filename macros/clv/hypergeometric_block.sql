{#
    Terms `first` to `last` of the remainder R in 2F1(a, b; c; z) = 1 + a b z / c * R, nested after Horner:
    1 + q(first) (1 + q(first + 1) (... q(last) tail)), q(k) being the ratio of term k to the one before.
    `tail` is the value of everything beyond `last`: a column or `hypergeometric_tail`.
    Reads the columns series_a, series_b, series_c and series_z.
#}
{% macro hypergeometric_block(first, last, tail) -%}
    {%- for term in range(first, last + 1) -%}
        1e0 + {{ hypergeometric_ratio(term) }} * (
    {%- endfor -%}
    {{ tail }}
    {%- for _ in range(first, last + 1) -%}
        )
    {%- endfor -%}
{%- endmacro %}

{#
    Everything from term `first` on, as if the ratio stayed what it is there: a geometric series. Its limit is
    z, so the sum is never above 1 / (1 - z).
#}
{% macro hypergeometric_tail(first) -%}
    1e0 / greatest(1e0 - {{ hypergeometric_ratio(first) }}, 1e0 - series_z)
{%- endmacro %}

{% macro hypergeometric_ratio(term) -%}
    (series_a + {{ term }}e0) * (series_b + {{ term }}e0) / ((series_c + {{ term }}e0) * {{ term + 1 }}e0) * series_z
{%- endmacro %}
