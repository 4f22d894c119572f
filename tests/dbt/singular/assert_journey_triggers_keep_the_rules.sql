-- Fails when somebody is due who may not be written to on that channel, or at a wrong time. Runs in
-- every build and in the hourly job, whose triggers no other gate sees.
{{ config(meta={'dagster': {'ref': {'name': 'journey_triggers'}}}) }}

with

triggers as (

    select
        *,
        hour({{ to_reporting_time('send_at') }}) as local_hour

    from {{ ref('journey_triggers') }}

),

journeys as (

    select * from {{ ref('int_journeys_typed') }}

),

customers as (

    select * from {{ ref('customer_360') }}

)

select triggers.journey_trigger_key
from triggers
left join journeys on triggers.journey_key = journeys.journey_key
left join customers on triggers.customer_key = customers.customer_key

where
    customers.customer_key is null
    or journeys.journey_key is null
    or not coalesce(
        case
            when triggers.consent = 'marketing' and triggers.channel = 'email'
                then customers.is_email_contactable
            when triggers.consent = 'marketing' then customers.is_sms_contactable
            when triggers.channel = 'email'
                then
                    customers.email is not null
                    and not customers.is_email_suppressed
                    and not customers.is_email_bounced
                    and not customers.has_marked_email_spam
            else
                customers.phone is not null
                and not customers.is_sms_suppressed
                and not customers.is_sms_bounced
        end,
        false
    )
    or triggers.due_at > triggers.as_of_at
    or triggers.send_at < triggers.as_of_at
    or triggers.send_at >= triggers.expires_at
    -- An hour of the shop's clocks in which nothing is sent.
    or case
        when journeys.quiet_from_hour > journeys.quiet_until_hour
            then
                triggers.local_hour >= journeys.quiet_from_hour
                or triggers.local_hour < journeys.quiet_until_hour
        else
            triggers.local_hour >= journeys.quiet_from_hour
            and triggers.local_hour < journeys.quiet_until_hour
    end
