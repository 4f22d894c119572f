{# Where a contact attribute comes from, `<source>:<record type>`, such as `shopify:customer`. #}
{% macro record_origin(records) -%}
    {{ records }}.source_name || ':' || {{ records }}.record_type
{%- endmacro %}
