{#
    Contracts a graph until no edge is left. In a round every node hooks to its lowest neighbour, pointer jumping
    flattens the trees to their roots, and the roots with the edges between them are the next, smaller graph.
    A node that stays a root for two rounds has swallowed another one, so at least half of the nodes go every two
    rounds whatever the shape: 64 rounds are more than any graph needs.

    Returns the scratch tables (`node_id`, `root_id`) of the rounds, in order.
#}
{% macro contracted_rounds(edges_sql) %}
    {% set edges = create_scratch_table('edges_1', connecting_edges(edges_sql)) %}
    {% set progress = namespace(edges=edges, rounds=[]) %}
    {% for round in range(1, 65) %}
        {% if scratch_row_count(progress.edges) > 0 %}
            {% set parents = create_scratch_table('parents_' ~ round ~ '_0', hooked_nodes(progress.edges)) %}
            {% set roots = flattened_parents(parents, round) %}
            {% set next_edges = contracted_edges(progress.edges, roots) %}
            {% set next_edges = create_scratch_table('edges_' ~ (round + 1), next_edges) %}
            {% do drop_scratch_table(progress.edges) %}
            {% set progress.edges = next_edges %}
            {% do progress.rounds.append(roots) %}
        {% endif %}
    {% endfor %}
    {% if scratch_row_count(progress.edges) > 0 %}
        {{ exceptions.raise_compiler_error('The graph did not contract within 64 rounds.') }}
    {% endif %}
    {% do drop_scratch_table(progress.edges) %}
    {{ return(progress.rounds) }}
{% endmacro %}

{# Replaces every parent by its own parent until all of them are roots: log2(depth) steps. #}
{% macro flattened_parents(parents, round) %}
    {% set progress = namespace(roots=parents, is_flat=false) %}
    {% for step in range(1, 65) %}
        {% if not progress.is_flat %}
            {% set jumped = create_scratch_table('parents_' ~ round ~ '_' ~ step, jumped_parents(progress.roots)) %}
            {% do drop_scratch_table(progress.roots) %}
            {% set progress.roots = jumped %}
            {% set progress.is_flat = scratch_row_count(jumped, 'has_moved') == 0 %}
        {% endif %}
    {% endfor %}
    {{ return(progress.roots) }}
{% endmacro %}

{# A loop or an open end connects nothing. #}
{% macro connecting_edges(edges_sql) %}
    select source_node, target_node
    from ({{ edges_sql }}) as edges
    where source_node <> target_node
{% endmacro %}

{% macro hooked_nodes(edges) %}
    select node_id, least(node_id, min(neighbour_id)) as root_id
    from (
        select source_node as node_id, target_node as neighbour_id from {{ edges }}
        union all
        select target_node as node_id, source_node as neighbour_id from {{ edges }}
    ) as neighbours
    group by node_id
{% endmacro %}

{% macro jumped_parents(parents) %}
    select
        children.node_id,
        parents.root_id,
        children.root_id <> parents.root_id as has_moved
    from {{ parents }} as children
    inner join {{ parents }} as parents on children.root_id = parents.node_id
{% endmacro %}

{% macro contracted_edges(edges, roots) %}
    select
        sources.root_id as source_node,
        targets.root_id as target_node
    from {{ edges }} as edges
    inner join {{ roots }} as sources on edges.source_node = sources.node_id
    inner join {{ roots }} as targets on edges.target_node = targets.node_id
    where sources.root_id <> targets.root_id
    group by sources.root_id, targets.root_id
{% endmacro %}

{# The root of a round is a node of the next one: follow it from round to round. #}
{% macro composed_rounds(roots_per_round) %}
    {%- if roots_per_round | length == 0 %}
    select cast(null as bigint) as node_id, cast(null as bigint) as component_id
    where 1 = 0
    {%- else %}
    with components_{{ roots_per_round | length }} as (
        select node_id, root_id as component_id from {{ roots_per_round[-1] }}
    )
    {%- for round in range(roots_per_round | length - 1, 0, -1) %},
    components_{{ round }} as (
        select
            roots.node_id,
            coalesce(components_{{ round + 1 }}.component_id, roots.root_id) as component_id
        from {{ roots_per_round[round - 1] }} as roots
        left join components_{{ round + 1 }} on roots.root_id = components_{{ round + 1 }}.node_id
    )
    {%- endfor %}
    select node_id, component_id from components_1
    {%- endif %}
{% endmacro %}
