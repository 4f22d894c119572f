{#
    Quantile of a gamma distribution of this mean and relative variance (variance over squared mean), at the
    level whose standard normal quantile is `z`: Wilson and Hilferty 1931. All three are columns.
#}
{% macro gamma_quantile(mean, relative_variance, z) -%}
    {{ mean }} * power(greatest(
        0e0, 1e0 - {{ relative_variance }} / 9e0 + {{ z }} * sqrt({{ relative_variance }}) / 3e0
    ), 3e0)
{%- endmacro %}
