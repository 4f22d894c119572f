{#
    Our key of a commerce record as one whole number: the number of its source times 2^48 plus the platform's id. Joins
    and storage of whole numbers cost a third of those of text, and these tables are the largest of a shop. It depends
    on the source's name and the id alone, so every build and engine gives the same. Null where the id is null.

    Ids of the known platforms are below 2^48: their keys cannot meet. Larger ids of two sources could, which is unlikely
    and would be found by the keys' unique tests. An id below 0 or from 2^62 on gets a negative number from a hash.
#}
{% macro numeric_key(id, source_name='source_name') -%}
    case
        when {{ id }} between 0 and 4611686018427387903
            then {{ source_number(source_name) }} * 281474976710656 + {{ id }}
        when {{ id }} is not null
            then -1 - {{ hex_to_bigint("substring(md5(" ~ source_name ~ " || ':' || cast(" ~ id ~ " as " ~ dbt.type_string() ~ ")), 1, 15)") }}
    end
{%- endmacro %}

{# 1 to 16383 from the name alone. Ingest refuses sources whose numbers are equal (crm_warehouse/ingest/discover.py). #}
{% macro source_number(source_name) -%}
    ({{ hex_to_bigint("substring(md5(" ~ source_name ~ "), 1, 8)") }} % 16383 + 1)
{%- endmacro %}
