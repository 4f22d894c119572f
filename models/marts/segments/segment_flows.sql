with

changes as (

    select * from {{ ref('segment_changes') }}

),

segments as (

    select * from {{ ref('segments') }}

    where segment_type != 'action'

),

typed as (

    select
        changes.customer_key,
        segments.segment_type,
        max(changes.segment_key) filter (where changes.change_type = 'left') as from_segment_key,
        max(changes.segment_key) filter (where changes.change_type = 'entered') as to_segment_key

    from changes
    inner join segments on changes.segment_key = segments.segment_key

    group by 1, 2

),

counted as (

    select
        segment_type,
        from_segment_key,
        to_segment_key,
        count(*) as customer_count

    from typed

    group by 1, 2, 3

),

final as (

    select
        segment_type
        || ':' || coalesce(from_segment_key, 'none')
        || ':' || coalesce(to_segment_key, 'none') as segment_flow_key,
        segment_type,
        from_segment_key,
        to_segment_key,
        customer_count

    from counted

)

select * from final
