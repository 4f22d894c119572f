{#
    A score to so many significant digits; below 1e-12 it is 0. A large score is divided by a whole power of ten, since a
    fraction such as 0.1 has no exact double. Powers of ten are looked up, which costs less than logarithms.
#}
{% macro round_significant(score, digits) -%}
    {%- set size = 'abs(' ~ score ~ ')' -%}
    {%- set raised -%}
        case
            when {{ size }} >= 1e{{ digits - 1 }} then 1e0
            {%- for power in range(digits - 2, -13, -1) %}
            when {{ size }} >= 1e{{ power }} then 1e{{ digits - 1 - power }}
            {%- endfor %}
            else 0e0
        end
    {%- endset -%}
    {%- set lowered -%}
        case
            when {{ size }} >= 1e{{ digits }}
                then power(1e1, floor(ln({{ size }}) / ln(1e1) + 1e-12) - {{ digits - 1 }}e0)
            else 1e0
        end
    {%- endset -%}
    (
        round({{ score }} / {{ lowered }} * {{ raised }}) * {{ lowered }}
        / greatest(1e0, {{ raised }})
    )
{%- endmacro %}
