{# Given names of a full name: all but its last word; of 'Last, First' what follows the comma. #}
{% macro first_name_of(full_name) -%}
    nullif(trim(case
        when {{ full_name }} like '%,%' then split_part({{ full_name }}, ',', 2)
        when trim({{ full_name }}) like '% %' then substring(
            trim({{ full_name }}),
            1,
            length(trim({{ full_name }})) - length(split_part(trim({{ full_name }}), ' ', -1))
        )
        else {{ full_name }}
    end), '')
{%- endmacro %}
