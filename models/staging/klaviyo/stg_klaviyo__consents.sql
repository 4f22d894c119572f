with

people as (

    select * from {{ source('klaviyo', 'person') }}

),

exclusions as (

    select * from {{ source('klaviyo', 'global_exclusion') }}

),

events as (

    select * from {{ source('klaviyo', 'event') }}

),

metrics as (

    select * from {{ source('klaviyo', 'metric') }}

),

-- What the profile says today. A list a profile is on says nothing about consent.
{% for channel in ('email', 'sms') %}
    profile_{{ channel }} as (

        select
            source_name,
            {{ entity_key('profile', 'id') }} || ':{{ channel }}:profile' as consent_key,
            id as person_id,

            '{{ channel }}' as channel,
            lower({{ channel }}_consent) as consent_status,
            'profile' as consent_source,

            {{ channel }}_consent_at as changed_at

        from people

        where
            lower({{ channel }}_consent)
            in ('subscribed', 'unsubscribed', 'never_subscribed', 'pending')

    ),
{% endfor %}

suppressed as (

    select
        source_name,
        {{ entity_key('profile', 'person_id') }} || ':email:suppression' as consent_key,
        person_id,

        'email' as channel,
        'suppressed' as consent_status,
        'suppression_list' as consent_source,

        suppressed_at as changed_at

    from exclusions

),

-- The profile is overwritten in place; these events are what an earlier day could have known.
metrics_mapped as (

    select
        source_name,
        id,

        case when lower(name) like '%sms%' then 'sms' else 'email' end as channel,
        case
            when
                lower(name) in (
                    'subscribed to email marketing',
                    'subscribed to sms marketing',
                    'consented to receive sms'
                )
                then 'subscribed'
            when
                lower(name) in (
                    'unsubscribed',
                    'unsubscribed from email marketing',
                    'unsubscribed from sms',
                    'unsubscribed from sms marketing'
                )
                then 'unsubscribed'
            when lower(name) = 'marked email as spam' then 'suppressed'
        end as consent_status

    from metrics

),

changed as (

    select
        events.source_name,
        {{ entity_key('event', 'events.id', 'events.source_name') }} as consent_key,
        events.person_id,

        metrics_mapped.channel,
        metrics_mapped.consent_status,
        'event' as consent_source,

        events.event_at as changed_at

    from events

    inner join metrics_mapped
        on
            events.source_name = metrics_mapped.source_name
            and events.metric_id = metrics_mapped.id

    where metrics_mapped.consent_status is not null

),

unioned as (

    select * from profile_email

    union all

    select * from profile_sms

    union all

    select * from suppressed

    union all

    select * from changed

),

keyed as (

    select
        source_name,
        'klaviyo' as platform,
        consent_key,
        {{ entity_key('profile', 'person_id') }} as record_key,

        channel,
        consent_status,
        consent_source,

        changed_at

    from unioned

)

select * from keyed
