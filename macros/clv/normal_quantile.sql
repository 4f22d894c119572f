{#
    Quantile of the standard normal distribution, to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23).
    `probability` is a column; it is held between 1e-6 and 1 - 1e-6.
#}
{% macro normal_quantile(probability) -%}
    {%- set tail = 'greatest(1e-6, least(' ~ probability ~ ', 1e0 - ' ~ probability ~ '))' -%}
    {%- set t = 'sqrt(-2e0 * ln(' ~ tail ~ '))' -%}
    (
        case when {{ probability }} < 5e-1 then -1e0 else 1e0 end
        * (
            {{ t }} - (2.515517e0 + {{ t }} * (0.802853e0 + {{ t }} * 0.010328e0))
            / (1e0 + {{ t }} * (1.432788e0 + {{ t }} * (0.189269e0 + {{ t }} * 0.001308e0)))
        )
    )
{%- endmacro %}
