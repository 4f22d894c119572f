{#
    Materialises components in which some nodes must not meet, as (`node_id`, `component_id`): the component is its
    lowest node. The model selects links (`source_node`, `target_node`, `edge_rank`: 1 is the strongest, every rank
    once) and, with `edge_rank` null, pairs that must stay apart.

    The strongest links win: clusters grow from single nodes, and a link between two clusters that hold an
    apart pair is dropped. Each round merges every pair of clusters that are each other's best, together with those
    whose best is one of the two and who are apart from nobody in the group; so the global best link is always
    merged, and the rounds end. Meant for the few components with a contradiction, not for the whole graph.
#}
{% materialization separated_components, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks) }}

    {% set members = separated_members(compiled_code) %}
    {% if existing_relation is not none and not existing_relation.is_table %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {% call statement('main') -%}
        create or replace table {{ target_relation }} as
        select
            node_id,
            min(node_id) over (partition by cluster_id) as component_id
        from {{ members }}
    {%- endcall %}
    {% do drop_scratch_table(members) %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The scratch table (`node_id`, `cluster_id`) after the last round. #}
{% macro separated_members(sql) %}
    {% set input = create_scratch_table('input', sql) %}
    {% set progress = namespace(
        members=create_scratch_table('members_0', separated_nodes(input)),
        links=create_scratch_table('links_0', clustered_links(input, none)),
        aparts=create_scratch_table('aparts_0', clustered_aparts(input, none)),
        is_done=false
    ) %}
    {% do drop_scratch_table(input) %}
    {% for round in range(1, 1001) %}
        {% if not progress.is_done %}
            {% set merges = create_scratch_table('merges_' ~ round, best_merges(progress.links, progress.aparts)) %}
            {% set progress.is_done = scratch_row_count(merges) == 0 %}
            {% set members = create_scratch_table('members_' ~ round, moved_members(progress.members, merges)) %}
            {% set aparts = create_scratch_table('aparts_' ~ round, clustered_aparts(progress.aparts, merges)) %}
            {% set links = create_scratch_table('links_' ~ round, clustered_links(progress.links, merges)) %}
            {% for table in [progress.members, progress.aparts, progress.links] %}
                {% do drop_scratch_table(table) %}
            {% endfor %}
            {% set progress.members = members %}
            {% set progress.aparts = aparts %}
            {% set progress.links = links %}
            {% do drop_scratch_table(merges) %}
        {% endif %}
    {% endfor %}
    {% do drop_scratch_table(progress.links) %}
    {% do drop_scratch_table(progress.aparts) %}
    {% if not progress.is_done %}
        {{ exceptions.raise_compiler_error('The separated components did not settle within 1000 rounds.') }}
    {% endif %}
    {{ return(progress.members) }}
{% endmacro %}

{% macro separated_nodes(input) %}
    select
        node_id,
        node_id as cluster_id
    from (
        select source_node as node_id from {{ input }}
        union
        select target_node as node_id from {{ input }}
    ) as nodes
{% endmacro %}

{# Links between clusters, the best of each pair; with `merges`, after they have been done. #}
{% macro clustered_links(links, merges) %}
    select
        least(source_node, target_node) as source_node,
        greatest(source_node, target_node) as target_node,
        min(edge_rank) as edge_rank
    from ({{ merged_pairs(links, merges) }}) as pairs
    where source_node <> target_node and edge_rank is not null
    group by least(source_node, target_node), greatest(source_node, target_node)
{% endmacro %}

{# Clusters that must stay apart, both ways round. #}
{% macro clustered_aparts(aparts, merges) %}
    select source_node, target_node, cast(null as bigint) as edge_rank
    from ({{ merged_pairs(aparts, merges) }}) as pairs
    where source_node <> target_node and edge_rank is null
    union
    select target_node as source_node, source_node as target_node, cast(null as bigint) as edge_rank
    from ({{ merged_pairs(aparts, merges) }}) as pairs
    where source_node <> target_node and edge_rank is null
{% endmacro %}

{% macro merged_pairs(pairs, merges) %}
    {%- if merges is none -%}
    select source_node, target_node, edge_rank from {{ pairs }}
    {%- else -%}
    select
        coalesce(sources.into_cluster_id, pairs.source_node) as source_node,
        coalesce(targets.into_cluster_id, pairs.target_node) as target_node,
        pairs.edge_rank
    from {{ pairs }} as pairs
    left join {{ merges }} as sources on pairs.source_node = sources.cluster_id
    left join {{ merges }} as targets on pairs.target_node = targets.cluster_id
    {%- endif -%}
{% endmacro %}

{% macro moved_members(members, merges) %}
    select
        members.node_id,
        coalesce(merges.into_cluster_id, members.cluster_id) as cluster_id
    from {{ members }} as members
    left join {{ merges }} as merges on members.cluster_id = merges.cluster_id
{% endmacro %}

{% macro best_merges(links, aparts) %}
    with allowed as (
        select links.*
        from {{ links }} as links
        left join {{ aparts }} as aparts
            on links.source_node = aparts.source_node and links.target_node = aparts.target_node
        where aparts.source_node is null
    ),
    ends as (
        select source_node as cluster_id, target_node as other_cluster_id, edge_rank from allowed
        union all
        select target_node as cluster_id, source_node as other_cluster_id, edge_rank from allowed
    ),
    bests as (
        select cluster_id, min_by(other_cluster_id, edge_rank) as other_cluster_id, min(edge_rank) as edge_rank
        from ends
        group by cluster_id
    ),
    -- Both ends of a link that is the best for both, in a group named after the lower one.
    leaders as (
        select bests.cluster_id, least(bests.cluster_id, bests.other_cluster_id) as into_cluster_id
        from bests
        inner join bests as other_bests
            on bests.other_cluster_id = other_bests.cluster_id and bests.edge_rank = other_bests.edge_rank
    ),
    grouped as (
        select cluster_id, into_cluster_id, true as is_leader from leaders
        union all
        select bests.cluster_id, leaders.into_cluster_id, false as is_leader
        from bests
        inner join leaders on bests.other_cluster_id = leaders.cluster_id
        left join leaders as own_leaders on bests.cluster_id = own_leaders.cluster_id
        where own_leaders.cluster_id is null
    ),
    apart_in_group as (
        select grouped.cluster_id
        from grouped
        inner join {{ aparts }} as aparts on grouped.cluster_id = aparts.source_node
        inner join grouped as others
            on aparts.target_node = others.cluster_id and grouped.into_cluster_id = others.into_cluster_id
        group by grouped.cluster_id
    )
    select grouped.cluster_id, grouped.into_cluster_id
    from grouped
    left join apart_in_group on grouped.cluster_id = apart_in_group.cluster_id
    where grouped.is_leader or apart_in_group.cluster_id is null
{% endmacro %}
