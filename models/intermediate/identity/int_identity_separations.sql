{{ config(materialized='table') }}

with

matches as (

    select * from {{ ref('int_identity_matches') }}

),

overrides as (

    select * from {{ ref('int_identity_overrides_resolved') }}

),

components as (

    select * from {{ ref('int_identity_components') }}

),

-- An order sent to somebody else bears their name: it contradicts nothing.
gift_orders as (

    select case when is_left_order then left_profile_id else right_profile_id end as profile_id

    from matches

    where is_gift

    group by 1

),

-- What a person has decided stands above what names suggest.
decided_nodes as (

    select left_node_id as node_id
    from overrides
    where decision = 'together'

    union

    select right_node_id as node_id
    from overrides
    where decision = 'together'

),

contradictions as (

    select
        matches.left_profile_id as left_node_id,
        matches.right_profile_id as right_node_id

    from matches
    left join gift_orders as left_gifts on matches.left_profile_id = left_gifts.profile_id
    left join gift_orders as right_gifts on matches.right_profile_id = right_gifts.profile_id
    left join decided_nodes as left_decided
        on matches.left_profile_id = left_decided.node_id
    left join decided_nodes as right_decided
        on matches.right_profile_id = right_decided.node_id

    where
        matches.is_contradiction
        and left_gifts.profile_id is null
        and right_gifts.profile_id is null
        and left_decided.node_id is null
        and right_decided.node_id is null

),

unioned as (

    select
        left_node_id,
        right_node_id,
        'different_names' as rule
    from contradictions

    union all

    select
        left_node_id,
        right_node_id,
        'forced_apart' as rule
    from overrides

    where decision = 'apart'

),

-- Only those that the links would bring together matter.
final as (

    select
        unioned.left_node_id,
        unioned.right_node_id,
        unioned.rule,
        left_components.component_id

    from unioned
    inner join components as left_components
        on unioned.left_node_id = left_components.node_id
    inner join components as right_components
        on
            unioned.right_node_id = right_components.node_id
            and left_components.component_id = right_components.component_id

)

select * from final
