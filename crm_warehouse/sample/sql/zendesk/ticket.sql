with tickets as (
    select
        *,
        greatest(
            created_s, seen(assigned_s), seen(replied_s), seen(answered_s), seen(solved_s), seen(reopened_s),
            seen(solved_again_s), seen(closed_s), seen(offered_s), seen(rated_s)
        ) as changed_s
    from f_tickets
    where created_s = seen(created_s)
)

select
    t.created_s as sort_s,
    t.ticket_id as id,
    t.user_id as requester_id,
    t.user_id as submitter_id,
    case when seen(t.assigned_s) is not null then t.agent_id end as assignee_id,
    360000000101::bigint as group_id,
    360000000201::bigint as brand_id,
    h.subject,
    h.text as description,
    case
        when seen(t.closed_s) is not null then 'closed'
        when seen(t.solved_again_s) is not null then 'solved'
        when seen(t.reopened_s) is not null then 'open'
        when seen(t.solved_s) is not null then 'solved'
        when seen(t.answered_s) is not null then 'open'
        when seen(t.replied_s) is not null then 'pending'
        when seen(t.assigned_s) is not null then 'open'
        else 'new' end as status,
    case t.tone when 2 then 'high' else 'normal' end as priority,
    case t.topic when 0 then 'incident' when 2 then 'question' else 'task' end as type,
    ['email', 'web', 'chat', 'voice'][t.channel + 1] as via_channel,
    true as is_public,
    false as has_incidents,
    known(t.created_s) as created_at,
    moment(t.changed_s) as updated_at,
    false as _fivetran_deleted,
    synced(t.changed_s) as _fivetran_synced
from tickets as t
join v_phrase as h on h.step = 0 and h.topic = t.topic and h.tone = t.tone
