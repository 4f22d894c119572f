{# The number that at most 15 hexadecimal digits spell. #}
{% macro hex_to_bigint(digits) -%}
    {{ return(adapter.dispatch('hex_to_bigint', 'crm_warehouse')(digits)) }}
{%- endmacro %}

{% macro duckdb__hex_to_bigint(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{% macro spark__hex_to_bigint(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}
