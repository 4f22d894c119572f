{#
    A score to six significant digits. What lies beyond is noise of the engine (sums in another order), and
    two runs over the same data must compare equal. Below 1e-12 a score is 0.
#}
{% macro round_significant(score) -%}
    case
        when abs({{ score }}) < 1e-12 then 0e0
        else
            round(
                {{ score }}
                * power(1e1, greatest(0e0, {{ significant_places(score) }}))
                / power(1e1, greatest(0e0, -{{ significant_places(score) }}))
            )
            / power(1e1, greatest(0e0, {{ significant_places(score) }}))
            * power(1e1, greatest(0e0, -{{ significant_places(score) }}))
    end
{%- endmacro %}

{# Decimal places that show six digits of the score; negative from a million on. #}
{% macro significant_places(score) -%}
    (5e0 - floor(ln(abs({{ score }})) / ln(1e1) + 1e-12))
{%- endmacro %}
