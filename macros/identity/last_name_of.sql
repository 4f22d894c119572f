{# Surname of a full name: its last word, of 'Last, First' what precedes the comma; null for a single word. #}
{% macro last_name_of(full_name) -%}
    nullif(trim(case
        when {{ full_name }} like '%,%' then split_part({{ full_name }}, ',', 1)
        when trim({{ full_name }}) like '% %' then split_part(trim({{ full_name }}), ' ', -1)
    end), '')
{%- endmacro %}
