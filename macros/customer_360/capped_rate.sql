{#
    One count divided by another, at most 1, and null where there is nothing to divide by: `least` skips nulls, so that
    an unknown rate would become 1.
#}
{% macro capped_rate(part, whole) -%}
    case
        when {{ whole }} > 0
            then round(
                least(1e0, cast(coalesce({{ part }}, 0) as double) / {{ whole }}), 6
            )
    end
{%- endmacro %}
