{{ config(materialized='table') }}

with

identifiers as (

    select * from {{ ref('int_identifiers') }}

),

guarded_identifiers as (

    select * from {{ ref('int_identifiers_guarded') }}

    where not is_blocked

),

-- Who shares an identifier is one person only if the names agree. An e-mail address is mostly one
-- person's: an initial is enough, and a record without a name joins the address' main one. A phone
-- is often a household's and a crowded identifier nobody's: there both names must be given.
named as (

    select
        identifiers.node_id,
        identifiers.identifier_type,
        identifiers.identifier_value,
        case
            when guarded_identifiers.is_crowded
                then concat(
                    identifiers.first_name_normalized, ' ', identifiers.last_name_normalized
                )
            when identifiers.identifier_type = 'phone'
                then concat(
                    substring(identifiers.first_name_normalized, 1, 1),
                    ' ',
                    identifiers.last_name_normalized
                )
            else coalesce(
                substring(identifiers.first_name_normalized, 1, 1),
                guarded_identifiers.main_initial,
                ''
            )
        end as shared_name,
        case
            when guarded_identifiers.is_crowded
                then concat('same_', identifiers.identifier_type, '_and_full_name')
            when identifiers.identifier_type = 'phone' then 'same_phone_and_name'
            else 'same_email'
        end as rule

    from identifiers
    inner join guarded_identifiers
        on
            identifiers.identifier_type = guarded_identifiers.identifier_type
            and identifiers.identifier_value = guarded_identifiers.identifier_value

    where
        (identifiers.identifier_type = 'email' and not guarded_identifiers.is_crowded)
        or (
            identifiers.first_name_normalized is not null
            and identifiers.last_name_normalized is not null
        )

),

-- A star around one of them, never every pair: an address with 10,000 records costs 9,999 edges.
starred as (

    select
        *,
        min(node_id) over (
            partition by identifier_type, identifier_value, shared_name
        ) as hub_node_id

    from named

),

edges as (

    select
        hub_node_id as left_node_id,
        node_id as right_node_id,
        rule,
        identifier_value as evidence

    from starred

    where node_id <> hub_node_id

)

select * from edges
