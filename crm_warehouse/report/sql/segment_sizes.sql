-- Members by day of a published build, newest 60 days.
with

moves as (

    select
        segment_key,
        entered_date as day,
        count(*) as change
    from segment_membership_history
    group by all

    union all

    select
        segment_key,
        left_date,
        -count(*)
    from segment_membership_history
    where left_date is not null
    group by all

),

days as (

    select distinct day from moves order by day desc limit 60

),

sizes as (

    select
        segment_key,
        day,
        sum(sum(change)) over (partition by segment_key order by day) as member_count

    from moves

    group by segment_key, day

)

select
    segments.segment_key as segment,
    days.day,
    coalesce(sizes.member_count, 0) as people

from segments
cross join days
asof left join sizes on segments.segment_key = sizes.segment_key and days.day >= sizes.day

where segments.is_active

order by segments.segment_key, days.day
