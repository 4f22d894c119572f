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
        customer_key,
        channel,
        consent_status,
        consent_source,
        stated_at as consent_at

    from numbered

    where statement_number = 1

)

select * from resolved
