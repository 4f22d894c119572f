{# First 16 hex characters of an expression's MD5: 64 bits, one expected collision in 6 billion customers. #}
{% macro short_hash(expression) -%}
    substring(md5({{ expression }}), 1, 16)
{%- endmacro %}
