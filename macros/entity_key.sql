{#
    Our key of a person's record, a message or a ticket: `<source_name>:<type>:<id>`, null where the id is null. `||` and not
    concat: both engines agree that it is null as soon as one part is.
#}
{% macro entity_key(type, id, source_name='source_name') -%}
    {{ source_name }} || ':{{ type }}:' || cast({{ id }} as {{ dbt.type_string() }})
{%- endmacro %}
