{#
    Of the values in a group the one with the highest count, ties going to the last in the alphabet. `mode` and
    `max_by` leave ties to chance, which would make two builds of the same data differ.
#}
{% macro most_frequent(value, value_count) -%}
    substr(max(concat(lpad(cast({{ value_count }} as {{ dbt.type_string() }}), 12, '0'), {{ value }})), 13)
{%- endmacro %}
