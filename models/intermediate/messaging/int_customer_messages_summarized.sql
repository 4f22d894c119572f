with

profile_messages as (

    select * from {{ ref('int_profile_messages_summarized') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

profiles as (

    select
        record_key,
        timezone

    from {{ ref('int_profiles_unioned') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

zones_known as (

    select timezone
    from profiles
    where timezone is not null
    group by 1

),

-- How far each zone's clock is from the reporting one, as both stand on the as-of day.
zones as (

    select
        zones_known.timezone,
        coalesce({{ minutes_between(
            to_reporting_time('run_context.as_of_at'),
            to_local_time('run_context.as_of_at', 'zones_known.timezone')
        ) }} / 6e1, 0e0) * {{ radians_per_hour() }} as clock_turn

    from zones_known
    cross join run_context

),

turned as (

    select
        profile_messages.record_key,
        profile_messages.response_cosine * cos(coalesce(zones.clock_turn, 0e0))
        - profile_messages.response_sine * sin(coalesce(zones.clock_turn, 0e0)) as response_cosine,
        profile_messages.response_cosine * sin(coalesce(zones.clock_turn, 0e0))
        + profile_messages.response_sine * cos(coalesce(zones.clock_turn, 0e0)) as response_sine,
        profile_messages.message_opened_count + profile_messages.message_clicked_count
            as response_count

    from profile_messages
    left join profiles on profile_messages.record_key = profiles.record_key
    left join zones on profiles.timezone = zones.timezone

),

responses as (

    select
        customers.customer_key,
        sum(turned.response_count) as response_count,
        sum(cast(round(turned.response_cosine) as bigint)) as response_cosine,
        sum(cast(round(turned.response_sine) as bigint)) as response_sine

    from turned
    inner join customers on turned.record_key = customers.record_key

    where turned.response_count > 0

    group by 1

),

-- Who responds at any time of day has no usual hour: then the arrows cancel each other out.
hours as (

    select
        customer_key,
        cast(
            round(atan2(response_sine, response_cosine) / {{ radians_per_hour() }} + 24e0)
            as bigint
        ) % 24 as usual_response_hour

    from responses

    where
        response_count >= {{ var('response_hour_min_count') }}
        and sqrt(
            cast(response_cosine * response_cosine + response_sine * response_sine as double)
        ) >= 1e3 * response_count * {{ var('response_hour_min_concentration') }}e0

),

per_channel as (

    select
        customers.customer_key,
        profile_messages.channel,

        -- Klaviyo reports no sends of e-mail: what was delivered or bounced must have been sent.
        cast(sum(greatest(
            profile_messages.sent_count,
            profile_messages.delivered_count
            + profile_messages.hard_bounced_count
            + profile_messages.soft_bounced_count
        )) as bigint) as sent_count,
        cast(sum(profile_messages.delivered_count) as bigint) as delivered_count,
        cast(sum(profile_messages.hard_bounced_count) as bigint) as hard_bounced_count,
        cast(sum(profile_messages.soft_bounced_count) as bigint) as soft_bounced_count,
        cast(sum(profile_messages.opened_count) as bigint) as opened_count,
        cast(sum(profile_messages.message_opened_count) as bigint) as message_opened_count,
        cast(sum(profile_messages.machine_opened_count) as bigint) as machine_opened_count,
        cast(sum(profile_messages.clicked_count) as bigint) as clicked_count,
        cast(sum(profile_messages.message_clicked_count) as bigint) as message_clicked_count,
        cast(sum(profile_messages.unsubscribed_count) as bigint) as unsubscribed_count,
        cast(sum(profile_messages.marked_spam_count) as bigint) as marked_spam_count,
        max(profile_messages.last_sent_at) as last_sent_at,
        max(profile_messages.last_opened_at) as last_opened_at,
        max(profile_messages.last_clicked_at) as last_clicked_at

    from profile_messages
    inner join customers on profile_messages.record_key = customers.record_key

    group by 1, 2

),

pivoted as (

    select
        customer_key,

        max(sent_count) filter (where channel = 'email') as email_sent_count,
        max(delivered_count) filter (where channel = 'email') as email_delivered_count,
        max(hard_bounced_count + soft_bounced_count) filter (
            where channel = 'email'
        ) as email_bounced_count,
        max(hard_bounced_count) filter (where channel = 'email') as email_hard_bounced_count,
        max(opened_count) filter (where channel = 'email') as email_opened_count,
        max(message_opened_count) filter (where channel = 'email') as email_message_opened_count,
        max(machine_opened_count) filter (where channel = 'email') as email_machine_opened_count,
        max(clicked_count) filter (where channel = 'email') as email_clicked_count,
        max(message_clicked_count) filter (where channel = 'email') as email_message_clicked_count,
        max(unsubscribed_count) filter (where channel = 'email') as email_unsubscribed_count,
        max(marked_spam_count) filter (where channel = 'email') as email_marked_spam_count,
        max(last_sent_at) filter (where channel = 'email') as last_email_sent_at,
        max(last_opened_at) filter (where channel = 'email') as last_email_opened_at,
        max(last_clicked_at) filter (where channel = 'email') as last_email_clicked_at,

        max(sent_count) filter (where channel = 'sms') as sms_sent_count,
        max(delivered_count) filter (where channel = 'sms') as sms_delivered_count,
        max(hard_bounced_count + soft_bounced_count) filter (
            where channel = 'sms'
        ) as sms_bounced_count,
        max(clicked_count) filter (where channel = 'sms') as sms_clicked_count,
        max(message_clicked_count) filter (where channel = 'sms') as sms_message_clicked_count,
        max(unsubscribed_count) filter (where channel = 'sms') as sms_unsubscribed_count,
        max(last_sent_at) filter (where channel = 'sms') as last_sms_sent_at,
        max(last_clicked_at) filter (where channel = 'sms') as last_sms_clicked_at

    from per_channel

    group by 1

),

-- Sums over sums, never averages of rates. A message opened on two days counts twice.
rated as (

    select
        *,
        greatest(last_email_opened_at, last_email_clicked_at) as last_email_engaged_at,
        {{ capped_rate('sms_message_clicked_count', 'sms_delivered_count') }}
            as sms_click_rate,
        {{ capped_rate('email_message_opened_count', 'email_delivered_count') }}
            as email_open_rate,
        {{ capped_rate('email_machine_opened_count', 'email_delivered_count') }}
            as email_machine_open_rate,
        {{ capped_rate('email_message_clicked_count', 'email_delivered_count') }}
            as email_click_rate,
        round(
            cast(email_bounced_count as double) / nullif(email_sent_count, 0), 6
        ) as email_bounce_rate

    from pivoted

),

-- Where they respond: clicks alone, since nobody knows who read a text message. Of equal rates
-- the channel they responded on last.
preferred as (

    select
        rated.*,
        hours.usual_response_hour,
        case
            when
                coalesce(email_click_rate, 0) = 0
                and coalesce(sms_click_rate, 0) = 0
                then null
            when
                coalesce(email_click_rate, 0) > coalesce(sms_click_rate, 0)
                then 'email'
            when
                coalesce(sms_click_rate, 0) > coalesce(email_click_rate, 0)
                then 'sms'
            when last_sms_clicked_at > last_email_clicked_at then 'sms'
            else 'email'
        end as preferred_channel

    from rated
    left join hours on rated.customer_key = hours.customer_key

)

select * from preferred
