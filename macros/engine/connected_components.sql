{#
    Materialises the connected components of the edges that a model selects (`source_node`, `target_node`: bigint)
    as (`node_id`, `component_id`): one row per node that has an edge; its component is the lowest node in it.

    A materialization, because no single statement of either engine survives both long chains and hubs, and because
    a loop of statements must run when the model runs, not whenever dbt compiles.
#}
{% materialization connected_components, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}

    {% set roots_per_round = contracted_rounds(compiled_code) %}
    {% if existing_relation is not none and not existing_relation.is_table %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as
        {{ composed_rounds(roots_per_round) }}
    {%- endcall %}
    {% for roots in roots_per_round %}
        {% do drop_scratch_table(roots) %}
    {% endfor %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
