{#
    Cube root of a quantile of a gamma distribution with mean 1 and this relative variance (variance over squared
    mean), at the level whose standard normal quantile is `z`: Wilson and Hilferty 1931. Both are columns.
#}
{% macro gamma_quantile_root(relative_variance, z) -%}
    greatest(
        0e0, 1e0 - {{ relative_variance }} / 9e0 + {{ z }} * sqrt({{ relative_variance }}) / 3e0
    )
{%- endmacro %}
