-- hide within: segment, period, kind
-- Tickets of a period by channel and by the twelve most usual topics. Agents are people too: support_performance has
-- them, the report does not.
with

usual_topics as (

    select topic
    from tickets
    where topic is not null
    group by topic
    order by count(*) desc, topic
    limit 12

),

listed as (

    select
        tickets.* exclude (topic),
        case when tickets.topic is null then 'none' else coalesce(usual_topics.topic, 'other') end as topic,
        coalesce(people.combination, -1) as combination,
        people.person,
        slice_of(tickets.ticket_opened_date) as slice

    from tickets
    left join people using (customer_key)
    left join usual_topics on usual_topics.topic = tickets.topic

),

parts as (

    select
        listed.combination,
        listed.person,
        period_slices.period,
        unnest([
            {'kind': 'all', 'value': ''},
            {'kind': 'channel', 'value': coalesce(listed.channel, 'none')},
            {'kind': 'topic', 'value': listed.topic}
        ]) as part,
        listed.first_reply_minutes,
        listed.resolution_minutes,
        listed.is_csat_satisfied,
        listed.is_open,
        listed.reopen_count

    from listed
    inner join period_slices on list_contains(period_slices.slices, listed.slice) and not period_slices.is_previous

),

summed as (

    select
        combination,
        period,
        part.kind,
        part.value,
        -- Who is unknown is somebody else each time.
        count(distinct person) + count(*) filter (where person is null) as people,
        count(*) as ticket_count,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where reopen_count > 0) as reopened_ticket_count,
        count(first_reply_minutes) as replied_ticket_count,
        sum(first_reply_minutes) as first_reply_minutes,
        count(resolution_minutes) as resolved_ticket_count,
        sum(resolution_minutes) as resolution_minutes,
        count(is_csat_satisfied) as csat_count,
        count(*) filter (where is_csat_satisfied) as satisfied_csat_count

    from parts

    group by all

),

of_segments as (

    select
        memberships.segment,
        summed.* exclude (combination)
    from summed
    inner join memberships using (combination)
    where memberships.segment != ''

    union all

    select
        '',
        * exclude (combination)
    from summed

)

select
    segment,
    period,
    kind,
    value,
    sum(people) as people,
    sum(ticket_count) as ticket_count,
    sum(open_ticket_count) as open_ticket_count,
    sum(reopened_ticket_count) as reopened_ticket_count,
    sum(replied_ticket_count) as replied_ticket_count,
    sum(first_reply_minutes) as first_reply_minutes,
    sum(resolved_ticket_count) as resolved_ticket_count,
    sum(resolution_minutes) as resolution_minutes,
    sum(csat_count) as csat_count,
    sum(satisfied_csat_count) as satisfied_csat_count

from of_segments

group by all

order by all
