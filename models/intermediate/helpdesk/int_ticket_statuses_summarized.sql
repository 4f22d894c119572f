with

ticket_events as (

    select * from {{ ref('int_ticket_events_unioned') }}

),

-- `closed` only archives what was solved, so the two are one state.
status_changes as (

    select
        ticket_key,
        ticket_event_key,
        occurred_at,
        lower(value) in ('solved', 'closed') as is_solved

    from ticket_events

    where
        event_type = 'status_changed'
        and value is not null

),

compared as (

    select
        *,
        lag(is_solved) over (
            partition by ticket_key
            order by occurred_at, ticket_event_key
        ) as was_solved

    from status_changes

),

summarized as (

    select
        ticket_key,
        count(*) filter (where was_solved and not is_solved) as reopen_count,
        min(occurred_at) filter (where is_solved) as first_solved_at,
        max(occurred_at) filter (
            where is_solved and not coalesce(was_solved, false)
        ) as last_solved_at

    from compared

    group by 1

)

select * from summarized
