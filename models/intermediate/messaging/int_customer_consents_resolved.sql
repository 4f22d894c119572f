with

statements as (

    select * from {{ ref('int_consent_statements_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- Most restrictive first: whatever one record of a person forbids, no other record of that
-- person allows. Never having been asked forbids nothing, so it does not outrank a yes.
ranked as (

    select
        customers.customer_key,
        statements.record_key,
        statements.channel,
        coalesce(statements.consent_status, 'unknown') as consent_status,
        statements.consent_source,
        statements.stated_at,
        case statements.consent_status
            when 'marked_spam' then 1
            when 'unsubscribed' then 2
            when 'bounced' then 3
            when 'suppressed' then 4
            when 'subscribed' then 5
            when 'pending' then 6
            when 'never_subscribed' then 7
            else 8
        end as restriction_rank

    from statements
    inner join customers on statements.record_key = customers.record_key

),

-- The reasons beside the verdict: an address can be suppressed and have opted out.
summarized as (

    select
        customer_key,
        channel,
        count(*) filter (where consent_status = 'suppressed') > 0 as is_suppressed,
        max(stated_at) filter (where consent_status = 'suppressed') as suppressed_at,
        count(*) filter (where consent_status = 'bounced') > 0 as is_bounced,
        max(stated_at) filter (where consent_status = 'bounced') as bounced_at,
        count(*) filter (where consent_status = 'marked_spam') > 0 as has_marked_spam,
        max(stated_at) filter (where consent_status = 'marked_spam') as marked_spam_at

    from ranked

    group by customer_key, channel

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_key, channel
            order by
                restriction_rank asc,
                stated_at desc nulls last,
                consent_source asc nulls last,
                record_key asc
        ) as statement_number

    from ranked

),

resolved as (

    select
        numbered.customer_key,
        numbered.channel,
        numbered.consent_status,
        numbered.consent_source,
        numbered.stated_at as consent_at,
        summarized.is_suppressed,
        summarized.suppressed_at,
        summarized.is_bounced,
        summarized.bounced_at,
        summarized.has_marked_spam,
        summarized.marked_spam_at

    from numbered
    inner join summarized
        on
            numbered.customer_key = summarized.customer_key
            and numbered.channel = summarized.channel

    where numbered.statement_number = 1

)

select * from resolved
