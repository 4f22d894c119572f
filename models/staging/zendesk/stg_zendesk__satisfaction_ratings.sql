with

field_history as (

    select * from {{ source('zendesk', 'ticket_field_history') }}

),

-- A survey that was only offered is no rating; who thinks again replaces the earlier one.
ratings as (

    select
        source_name,
        ticket_id,

        max_by(lower(value), updated) filter (
            where field_name = 'satisfaction_score'
        ) as score,
        nullif(
            max_by(coalesce(value, ''), updated) filter (
                where field_name = 'satisfaction_comment'
            ),
            ''
        ) as comment,

        max(updated) filter (where field_name = 'satisfaction_score') as rated_at

    from field_history

    where
        field_name = 'satisfaction_comment'
        or (
            field_name = 'satisfaction_score'
            and lower(value) not in ('offered', 'unoffered')
        )

    group by source_name, ticket_id

),

-- Two scales: good or bad, and one to five where 4 and 5 are satisfied.
scored as (

    select
        source_name,
        'zendesk' as platform,
        {{ entity_key('rating', 'ticket_id') }} as rating_key,
        {{ entity_key('ticket', 'ticket_id') }} as ticket_key,

        score,
        comment,

        coalesce(try_cast(score as integer) >= 4, score like 'good%') as is_satisfied,

        rated_at

    from ratings

    where score is not null

)

select * from scored
