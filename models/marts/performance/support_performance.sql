with

tickets as (

    select * from {{ ref('tickets') }}

),

summarized as (

    select
        cast({{ dbt.date_trunc('month', 'ticket_opened_date') }} as date) as month_start_date,
        agent_key,
        channel,
        topic,
        count(*) as ticket_count,
        count(*) filter (where status = 'new') as new_ticket_count,
        count(*) filter (where status = 'open') as open_ticket_count,
        count(*) filter (where status = 'pending') as pending_ticket_count,
        count(*) filter (where status = 'hold') as on_hold_ticket_count,
        count(*) filter (where not is_open) as closed_ticket_count,
        count(*) filter (where reopen_count > 0) as reopened_ticket_count,
        cast(sum(reply_count) as bigint) as reply_count,
        count(first_reply_minutes) as replied_ticket_count,
        cast(coalesce(sum(first_reply_minutes), 0) as bigint) as first_reply_minutes,
        median(first_reply_minutes) as median_first_reply_minutes,
        count(resolution_minutes) as resolved_ticket_count,
        cast(coalesce(sum(resolution_minutes), 0) as bigint) as resolution_minutes,
        median(resolution_minutes) as median_resolution_minutes,
        count(is_csat_satisfied) as csat_count,
        count(*) filter (where is_csat_satisfied) as satisfied_csat_count

    from tickets

    group by 1, 2, 3, 4

),

final as (

    select
        cast(month_start_date as {{ dbt.type_string() }})
        || ':' || coalesce(agent_key, 'nobody')
        || ':' || coalesce(channel, 'no_channel')
        || ':' || coalesce(topic, 'no_topic') as support_performance_key,
        month_start_date,
        agent_key,
        channel,
        topic,
        ticket_count,
        new_ticket_count,
        open_ticket_count,
        pending_ticket_count,
        on_hold_ticket_count,
        closed_ticket_count,
        reopened_ticket_count,
        reply_count,
        replied_ticket_count,
        first_reply_minutes,
        {{ kpi_ratio('first_reply_minutes', 'replied_ticket_count') }}
            as average_first_reply_minutes,
        cast(median_first_reply_minutes as double) as median_first_reply_minutes,
        resolved_ticket_count,
        resolution_minutes,
        {{ kpi_ratio('resolution_minutes', 'resolved_ticket_count') }}
            as average_resolution_minutes,
        cast(median_resolution_minutes as double) as median_resolution_minutes,
        csat_count,
        satisfied_csat_count,
        {{ kpi_ratio('satisfied_csat_count', 'csat_count') }} as csat_rate,
        {{ kpi_ratio('reopened_ticket_count', 'ticket_count') }} as reopen_rate

    from summarized

)

select * from final
