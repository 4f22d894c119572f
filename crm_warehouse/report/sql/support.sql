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
        slice_of(tickets.ticket_opened_date) as slice

    from tickets
    left join people using (customer_key)
    left join usual_topics on usual_topics.topic = tickets.topic

),

grouped as (

    select
        combination,
        slice,
        unnest([
            {'kind': 'all', 'value': ''},
            {'kind': 'channel', 'value': coalesce(channel, 'none')},
            {'kind': 'topic', 'value': topic}
        ]) as part,
        ticket_key,
        first_reply_minutes,
        resolution_minutes,
        is_csat_satisfied,
        is_open,
        reopen_count

    from listed

),

summed as (

    select
        combination,
        slice,
        part.kind,
        part.value,
        count(*) as people,
        count(*) filter (where is_open) as open_ticket_count,
        count(*) filter (where reopen_count > 0) as reopened_ticket_count,
        count(first_reply_minutes) as replied_ticket_count,
        sum(first_reply_minutes) as first_reply_minutes,
        count(resolution_minutes) as resolved_ticket_count,
        sum(resolution_minutes) as resolution_minutes,
        count(is_csat_satisfied) as csat_count,
        count(*) filter (where is_csat_satisfied) as satisfied_csat_count

    from grouped

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
        summed.* exclude (combination)
    from summed

)

select
    of_segments.segment,
    period_slices.period,
    of_segments.kind,
    of_segments.value,
    sum(of_segments.people) as people,
    sum(of_segments.open_ticket_count) as open_ticket_count,
    sum(of_segments.reopened_ticket_count) as reopened_ticket_count,
    sum(of_segments.replied_ticket_count) as replied_ticket_count,
    sum(of_segments.first_reply_minutes) as first_reply_minutes,
    sum(of_segments.resolved_ticket_count) as resolved_ticket_count,
    sum(of_segments.resolution_minutes) as resolution_minutes,
    sum(of_segments.csat_count) as csat_count,
    sum(of_segments.satisfied_csat_count) as satisfied_csat_count

from of_segments
inner join period_slices on list_contains(period_slices.slices, of_segments.slice) and not period_slices.is_previous

group by all

order by all
