-- Fails when a reader of the live version who makes the published changes has another number of
-- memberships than today's. The changes are compared, which are few, not the memberships.
{{ config(meta={'dagster': {'ref': {'name': 'segment_changes'}}}) }}

with

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

published_memberships as (

    select * from {{ source('published_state', 'customer_segments') }}

),

successors as (

    select * from {{ ref('int_customer_successors') }}

),

memberships as (

    select count(*) as membership_count from {{ ref('customer_segments') }}

),

-- As segment_changes reads the live version: each customer under today's keys.
live as (

    select
        coalesce(successors.customer_key, published_memberships.customer_key) as customer_key,
        published_memberships.segment_key

    from published_memberships
    inner join run_context on published_memberships.version = run_context.live_version
    left join successors
        on
            published_memberships.version = successors.version
            and published_memberships.customer_key = successors.published_customer_key

    group by 1, 2

),

live_counted as (

    select count(*) as membership_count from live

),

-- Against versions that were taken back, too: what holds for the live one already changes nothing.
changed as (

    select
        coalesce(sum(
            case
                when changes.change_type = 'entered' and live.customer_key is null then 1
                when changes.change_type = 'left' and live.customer_key is not null then -1
                else 0
            end
        ), 0) as membership_count

    from {{ ref('segment_changes') }} as changes
    left join live
        on
            changes.customer_key = live.customer_key
            and changes.segment_key = live.segment_key

)

select
    live_counted.membership_count as live_count,
    changed.membership_count as changed_count,
    memberships.membership_count

from live_counted
cross join changed
cross join memberships
inner join run_context on run_context.live_version is not null

where live_counted.membership_count + changed.membership_count != memberships.membership_count
