-- Fails when the open stays of the history are not the memberships of today, or a stay ends
-- before it begins. Counts suffice: stays are made from the memberships, key by key.
{{ config(meta={'dagster': {'ref': {'name': 'segment_membership_history'}}}) }}

with

history as (

    select
        count(*) filter (where is_member) as open_count,
        count(*) filter (where left_date <= entered_date) as reversed_count

    from {{ ref('segment_membership_history') }}

),

memberships as (

    select count(*) as membership_count from {{ ref('customer_segments') }}

),

summary as (

    select coalesce(sum(member_count), 0) as member_count from {{ ref('segment_summary') }}

)

select *
from history
cross join memberships
cross join summary

where
    history.open_count != memberships.membership_count
    or history.reversed_count > 0
    or summary.member_count != memberships.membership_count
