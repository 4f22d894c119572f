with

consents as (

    select * from {{ ref('int_consents_unioned') }}

),

shop_customers as (

    select * from {{ ref('int_customers_unioned') }}

),

profile_messages as (

    select * from {{ ref('int_profile_messages_summarized') }}

),

-- That someone is on a list says nothing: lists are not read, and the message event
-- `subscribed` is not either.
stated as (

    select
        record_key,
        channel,
        consent_status,
        consent_source,
        changed_at as stated_at

    from consents

    union all

    select
        record_key,
        'email' as channel,
        email_consent_status as consent_status,
        'shop' as consent_source,
        email_consent_at as stated_at

    from shop_customers

    where email_consent_status is not null

    union all

    select
        record_key,
        channel,
        'unsubscribed' as consent_status,
        'event' as consent_source,
        last_unsubscribed_at as stated_at

    from profile_messages

    where last_unsubscribed_at is not null

    union all

    select
        record_key,
        channel,
        'marked_spam' as consent_status,
        'event' as consent_source,
        last_marked_spam_at as stated_at

    from profile_messages

    where last_marked_spam_at is not null

    union all

    -- A full mailbox says nothing about the address. Where the platform does not tell the kind,
    -- a delivery afterwards does: only a soft bounce is followed by one.
    select
        record_key,
        channel,
        'bounced' as consent_status,
        'event' as consent_source,
        last_hard_bounced_at as stated_at

    from profile_messages

    where
        last_hard_bounced_at is not null
        and (last_delivered_at is null or last_delivered_at <= last_hard_bounced_at)

),

opt_ins as (

    select
        record_key,
        channel,
        max(stated_at) as opted_in_at

    from stated

    where consent_status = 'subscribed'

    group by 1, 2

),

-- An event is history: it stands until the same record says yes again later, in so many
-- words. What a platform says of today (profile, suppression list, shop) always stands.
standing as (

    select
        stated.record_key,
        stated.channel,
        stated.consent_status,
        stated.consent_source,
        stated.stated_at

    from stated
    left join opt_ins
        on
            stated.record_key = opt_ins.record_key
            and stated.channel = opt_ins.channel

    where
        coalesce(stated.consent_source, '') != 'event'
        or stated.consent_status = 'subscribed'
        or opt_ins.opted_in_at is null
        or opt_ins.opted_in_at <= stated.stated_at

)

select * from standing
