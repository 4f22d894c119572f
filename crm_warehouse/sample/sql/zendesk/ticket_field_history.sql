select
    h.second as sort_s,
    h.step,
    h.ticket_id,
    ['status', 'satisfaction_score', 'assignee_id'][h.field + 1] as field_name,
    known(h.second) as updated,
    case
        when h.field = 1 and h.value > 0 then t.user_id
        when h.field = 0 and h.step in (0, 3, 5) then t.user_id
        else t.agent_id end as user_id,
    case h.field
        when 0 then ['new', 'open', 'pending', 'solved', 'closed'][h.value + 1]
        when 1 then ['offered', 'good', 'bad'][h.value + 1]
        else t.agent_id::varchar end as value,
    synced(h.second) as _fivetran_synced
from f_history as h
join f_tickets as t on t.ticket_id = h.ticket_id
where h.second = seen(h.second)
