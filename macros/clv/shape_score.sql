{#
    Linear predictor of the shape layer: `prefix`_0 ... `prefix`_4 times 1, ln(1 + repeat purchases),
    ln(1 + weeks of silence), ln(1 + age in weeks) and the first two multiplied (crm_warehouse/clv/shape.py).
    Held where exp() of it is a number.
#}
{% macro shape_score(prefix) -%}
    greatest(-5e1, least(5e1,
        {{ prefix }}_0
        + {{ prefix }}_1 * ln(1e0 + repeat_purchase_count)
        + {{ prefix }}_2 * ln(1e0 + {{ weeks('(age_days - recency_days)') }})
        + {{ prefix }}_3 * ln(1e0 + {{ weeks('age_days') }})
        + {{ prefix }}_4 * ln(1e0 + repeat_purchase_count)
        * ln(1e0 + {{ weeks('(age_days - recency_days)') }})
    ))
{%- endmacro %}
