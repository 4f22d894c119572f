with

profile_messages as (

    select * from {{ ref('int_profile_messages_summarized') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

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
        *,
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

)

select * from preferred
