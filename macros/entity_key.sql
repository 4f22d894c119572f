{#
    Our key of a platform's record: `<source_name>:<type>:<id>`, null where the id is null. `||` and not
    concat: both engines agree that it is null as soon as one part is.
#}
{% macro entity_key(type, id, source_name='source_name') -%}
    {{ source_name }} || ':{{ type }}:' || cast({{ id }} as {{ dbt.type_string() }})
{%- endmacro %}
