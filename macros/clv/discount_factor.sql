{#
    What one unit of money that comes evenly over the CLV horizon is worth today, at the yearly rate
    `clv_discount_rate`: the mean of (1 + rate)^-t over the horizon. A number, computed once per compilation.
#}
{% macro discount_factor() -%}
    {%- set rate = var('clv_discount_rate') -%}
    {%- set years = var('clv_horizon_days') / 365 -%}
    {%- set steps = 100 -%}
    {%- set total = namespace(sum=0) -%}
    {%- for step in range(steps) -%}
        {%- set total.sum = total.sum + (1 + rate) ** (-(step + 0.5) / steps * years) -%}
    {%- endfor -%}
    {{ (total.sum / steps) | round(9) }}e0
{%- endmacro %}
