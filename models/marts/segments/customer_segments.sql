with

customers as (

    select * from {{ ref('int_customer_segments_assigned') }}

    where segment_keys is not null

),

segments as (

    select * from {{ ref('segments') }}

),

memberships as (

    select
        customer_key,
        as_of,
        {{ split_to_rows('segment_keys') }} as segment_key

    from customers

),

joined as (

    select
        memberships.customer_key || ':' || memberships.segment_key as customer_segment_key,
        memberships.customer_key,
        memberships.segment_key,
        segments.segment_type,
        segments.priority,
        memberships.as_of

    from memberships
    inner join segments on memberships.segment_key = segments.segment_key

)

select * from joined
