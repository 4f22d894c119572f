with

tickets as (

    select * from {{ ref('tickets') }}

),

summarized as (

    select
        customer_key,

        count(*) as ticket_count,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where reopen_count > 0) as reopened_ticket_count,
        cast(sum(message_count) as bigint) as support_message_count,

        min(ticket_opened_at) as first_ticket_opened_at,
        max(ticket_opened_at) as last_ticket_opened_at,
        min(ticket_opened_at) filter (where is_open) as oldest_open_ticket_opened_at,

        -- Averages over the tickets that have the figure, from sums: never averages of averages.
        count(first_reply_minutes) as replied_ticket_count,
        cast(sum(first_reply_minutes) as double) as first_reply_minutes,
        count(resolution_minutes) as resolved_ticket_count,
        cast(sum(resolution_minutes) as double) as resolution_minutes,

        count(is_csat_satisfied) as csat_count,
        count(*) filter (where is_csat_satisfied) as satisfied_csat_count,
        max(csat_rated_at) as last_csat_rated_at,
        max(csat_rated_at) filter (where not is_csat_satisfied) as last_bad_csat_rated_at

    from tickets

    where customer_key is not null

    group by 1

),

final as (

    select
        customer_key,
        ticket_count,
        open_ticket_count,
        reopened_ticket_count,
        support_message_count,
        first_ticket_opened_at,
        last_ticket_opened_at,
        oldest_open_ticket_opened_at,
        round(first_reply_minutes / nullif(replied_ticket_count, 0), 2)
            as average_first_reply_minutes,
        round(resolution_minutes / nullif(resolved_ticket_count, 0), 2)
            as average_resolution_minutes,
        csat_count,
        satisfied_csat_count,
        round(cast(satisfied_csat_count as double) / nullif(csat_count, 0), 6) as csat_rate,
        last_csat_rated_at,
        -- Two ratings at the same moment: the bad one is the one to act on.
        coalesce(last_bad_csat_rated_at = last_csat_rated_at, false) as is_last_csat_bad

    from summarized

)

select * from final
