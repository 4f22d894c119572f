with

events as (

    select * from {{ source('klaviyo', 'event') }}

),

metrics as (

    select * from {{ source('klaviyo', 'metric') }}

),

-- Names are mapped on the small table; the join with it picks the events that are about messages.
metrics_mapped as (

    select
        source_name,
        id,

        case lower(name)
            when 'received email' then 'delivered'
            when 'received sms' then 'delivered'
            when 'sent sms' then 'sent'
            when 'opened email' then 'opened'
            when 'clicked email' then 'clicked'
            when 'clicked sms' then 'clicked'
            when 'bounced email' then 'bounced'
            when 'dropped email' then 'bounced'
            when 'failed to deliver sms' then 'bounced'
            when 'marked email as spam' then 'marked_spam'
            when 'unsubscribed' then 'unsubscribed'
            when 'unsubscribed from list' then 'unsubscribed'
            when 'unsubscribed from email marketing' then 'unsubscribed'
            when 'unsubscribed from sms' then 'unsubscribed'
            when 'unsubscribed from sms marketing' then 'unsubscribed'
            when 'subscribed to list' then 'subscribed'
            when 'subscribed to email marketing' then 'subscribed'
            when 'subscribed to sms marketing' then 'subscribed'
            when 'consented to receive sms' then 'subscribed'
        end as event_type,
        case when lower(name) like '%sms%' then 'sms' else 'email' end as channel

    from metrics

),

joined as (

    select
        events.source_name,
        'klaviyo' as platform,
        {{ entity_key('event', 'events.id', 'events.source_name') }} as message_event_key,
        {{ entity_key('profile', 'events.person_id', 'events.source_name') }} as record_key,
        coalesce(
            {{ entity_key('campaign', 'events.campaign_id', 'events.source_name') }},
            {{ entity_key('flow', 'events.flow_id', 'events.source_name') }}
        ) as message_key,
        events.variation_id,

        metrics_mapped.event_type,
        metrics_mapped.channel,

        -- Apple's privacy proxy opens every mail by itself, whether anybody reads it or not.
        metrics_mapped.event_type = 'opened'
        and (
            coalesce(events.machine_open, false)
            or coalesce(events.client_name, '') like 'Apple Mail Privacy%'
            or coalesce(events.client_canonical, '') like 'Apple Mail Privacy%'
        ) as is_machine_open,
        case
            when metrics_mapped.event_type != 'bounced' then null
            when lower(events.bounce_type) like '%hard%' then 'hard'
            when lower(events.bounce_type) like '%soft%' then 'soft'
        end as bounce_type,

        events.event_at as occurred_at

    from events

    inner join metrics_mapped
        on
            events.source_name = metrics_mapped.source_name
            and events.metric_id = metrics_mapped.id

    where metrics_mapped.event_type is not null

)

select * from joined
