{#
    One row per profile and block it falls into: `profile_id`, `hub_profile_id`, `block_id`, `max_size`. A block is a dictionary of the
    `values` that must be equal and given, the `max_size` up to which it is used, and `where` it applies.
#}
{% macro block_rows(blocks, relation) -%}
    {%- for block in blocks %}
    select
        profile_id,
        hub_profile_id,
        {{ block_hash([loop.index] + block['values']) }} as block_id,
        {{ block['max_size'] }} as max_size
    from {{ relation }}
    where
        {{ block.get('where', 'true') }}
        {%- for value in block['values'] %}
        and {{ value }} is not null
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
