select
    c.second as sort_s,
    c.comment_id as id,
    t.ticket_id,
    case when c.step in (0, 2, 4) then t.user_id else t.agent_id end as user_id,
    h.text as body,
    true as public,
    t.channel = 3 as voice_comment,
    false as facebook_comment,
    false as tweet,
    known(c.second) as created,
    false as _fivetran_deleted,
    synced(c.second) as _fivetran_synced
from f_comments as c
join f_tickets as t on t.ticket_id = c.ticket_id
join v_phrase as h on h.step = c.step and h.topic = t.topic and h.tone = t.tone
where c.second = seen(c.second)
