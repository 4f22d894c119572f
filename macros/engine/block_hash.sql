{#
    One 64-bit number for several values, to group by. Only for finding candidates: two different values may share a
    number, which costs a needless comparison and never a wrong link.
#}
{% macro block_hash(values) -%}
    {{ return(adapter.dispatch('block_hash', 'crm_warehouse')(values)) }}
{%- endmacro %}

{% macro duckdb__block_hash(values) -%}
    hash({{ values | join(', ') }})
{%- endmacro %}

{% macro spark__block_hash(values) -%}
    xxhash64({{ values | join(', ') }})
{%- endmacro %}
