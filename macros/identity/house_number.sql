{# The first number of an address line; null where it has none. #}
{% macro house_number(address) -%}
    nullif(split_part(trim({{ regexp_replace_all(address, '[^0-9]+', ' ') }}), ' ', 1), '')
{%- endmacro %}
