{#
    z of the difference of two shares, with the pooled variance; null where there is nothing to compare or fewer than five
    successes or failures are expected on either side, since the normal approximation does not hold there.
#}
{% macro two_proportion_z(successes, trials, other_successes, other_trials) -%}
    {%- set pooled -%}
        (cast({{ successes }} + {{ other_successes }} as double)
        / nullif(cast({{ trials }} + {{ other_trials }} as double), 0e0))
    {%- endset -%}
    case
        when
            least({{ trials }}, {{ other_trials }}) * least({{ pooled }}, 1e0 - {{ pooled }}) >= 5
            then (
                cast({{ successes }} as double) / nullif({{ trials }}, 0)
                - cast({{ other_successes }} as double) / nullif({{ other_trials }}, 0)
            ) / nullif(sqrt(
                {{ pooled }} * (1e0 - {{ pooled }})
                * (1e0 / nullif({{ trials }}, 0) + 1e0 / nullif({{ other_trials }}, 0))
            ), 0e0)
    end
{%- endmacro %}

{# Two-sided p-value of a standard normal z, to 1.5e-7 (Abramowitz and Stegun 7.1.26: no engine shares an erf). #}
{% macro two_sided_p_value(z) -%}
    {%- set x -%}(abs({{ z }}) / sqrt(2e0)){%- endset -%}
    {%- set t -%}(1e0 / (1e0 + 0.3275911e0 * {{ x }})){%- endset -%}
    (
        {{ t }} * (0.254829592e0 + {{ t }} * (-0.284496736e0 + {{ t }} * (
            1.421413741e0 + {{ t }} * (-1.453152027e0 + {{ t }} * 1.061405429e0)
        ))) * exp(-{{ x }} * {{ x }})
    )
{%- endmacro %}
