-- Service recovery: somebody whose complaint was put right often buys more than before, somebody
-- whose was not is gone. What counts is the last bad experience and what came after it.
with

tickets as (

    select * from {{ ref('tickets') }}

    where customer_key is not null

),

sentiments as (

    select * from {{ ref('int_ticket_sentiments_summarized') }}

),

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

-- Of what happened at the same moment the first of this list is named.
experiences as (

    select
        ticket_key,
        csat_rated_at as occurred_at,
        1 as reason_rank,
        'bad_rating' as reason

    from tickets

    where not is_csat_satisfied

    union all

    select
        ticket_key,
        last_angry_at as occurred_at,
        2 as reason_rank,
        'anger' as reason

    from sentiments

    where last_angry_at is not null

    union all

    select
        ticket_key,
        last_disappointed_at as occurred_at,
        3 as reason_rank,
        'disappointment' as reason

    from sentiments

    where last_disappointed_at is not null

),

numbered as (

    select
        tickets.customer_key,
        tickets.ticket_key,
        tickets.is_open,
        tickets.solved_at,
        experiences.occurred_at,
        experiences.reason,
        row_number() over (
            partition by tickets.customer_key
            order by
                experiences.occurred_at desc nulls last,
                experiences.reason_rank asc,
                tickets.ticket_key asc
        ) as experience_number

    from experiences
    inner join tickets on experiences.ticket_key = tickets.ticket_key

),

last_bad as (

    select * from numbered

    where experience_number = 1

),

praised as (

    select
        customer_key,
        max(csat_rated_at) as last_praised_at

    from tickets

    where is_csat_satisfied

    group by customer_key

),

-- Solved after the complaint and not complained about again, or praised since.
judged as (

    select
        last_bad.customer_key,
        last_bad.occurred_at as last_bad_experience_at,
        last_bad.reason as last_bad_experience_reason,
        case
            when praised.last_praised_at > last_bad.occurred_at then 'made_good'
            when last_bad.is_open then 'open'
            when
                last_bad.solved_at >= last_bad.occurred_at
                and last_bad.reason != 'bad_rating'
                then 'made_good'
            else 'not_made_good'
        end as last_bad_experience_outcome,
        coalesce(customer_orders.last_ordered_at > last_bad.occurred_at, false)
            as has_ordered_since_bad_experience

    from last_bad
    left join praised on last_bad.customer_key = praised.customer_key
    left join customer_orders on last_bad.customer_key = customer_orders.customer_key

)

select * from judged
