with

daily_occasions as (

    select * from {{ ref('journey_occasions') }}

),

activity as (

    select * from {{ ref('int_journey_activity') }}

),

opt_outs as (

    select * from {{ ref('int_journey_opt_outs') }}

),

journeys as (

    select * from {{ ref('int_journeys_typed') }}

    where is_active

),

customers as (

    select * from {{ ref('customer_360') }}

),

customer_keys as (

    select * from {{ ref('customer_keys') }}

),

sends as (

    select * from {{ ref('int_journey_sends_unioned') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

occasions as (

    select
        customer_key,
        occasion,
        occurred_at,
        subject_type,
        subject_key,
        subject_id,
        product_key,
        product_title,
        amount,
        currency_code

    from daily_occasions

    union all

    select
        customer_key,
        'checkout_abandoned' as occasion,
        occurred_at,
        'checkout' as subject_type,
        subject_key,
        subject_id,
        cast(null as bigint) as product_key,
        cast(null as {{ dbt.type_string() }}) as product_title,
        cast(amount as decimal(18, 4)) as amount,
        currency_code

    from activity

    where activity_type = 'checkout'

),

last_orders as (

    select
        customer_key,
        max(occurred_at) as last_ordered_at

    from activity

    where activity_type = 'order'

    group by customer_key

),

timed as (

    select
        occasions.*,
        journeys.journey_key,
        journeys.channel,
        journeys.consent,
        journeys.priority,
        journeys.only_segment,
        journeys.not_segment,
        journeys.cap_count,
        journeys.cap_days,
        journeys.quiet_from_hour,
        journeys.quiet_until_hour,
        journeys.reason,
        {{ dbt.dateadd('hour', 'journeys.delay_hours', 'occasions.occurred_at') }} as due_at,
        {{ dbt.dateadd(
            'hour',
            '(journeys.delay_hours + journeys.expires_after_hours)',
            'occasions.occurred_at'
        ) }} as expires_at,
        run_context.as_of_at

    from occasions
    inner join journeys on occasions.occasion = journeys.occasion
    cross join run_context

),

-- Nothing above is wider than what is due about now, so that the joins below are with few rows.
due as (

    select * from timed

    where
        due_at <= as_of_at
        and expires_at > as_of_at

),

-- A complaint or a bounce ends service messages, too; an opt-out does not.
refusals as (

    select
        customer_key,
        channel,
        'marketing' as consent,
        opted_out_at as refused_at

    from opt_outs

    union all

    select
        customer_key,
        channel,
        'service' as consent,
        unreachable_at as refused_at

    from opt_outs

),

-- However late a refusal is told: the customers can only know of it and be contactable again if
-- they agreed after it.
allowed as (

    select due.*

    from due
    inner join customers on due.customer_key = customers.customer_key
    left join last_orders on due.customer_key = last_orders.customer_key
    left join refusals
        on
            due.customer_key = refusals.customer_key
            and due.channel = refusals.channel
            and due.consent = refusals.consent

    where
        {{ may_be_written_to('due.channel', 'due.consent', 'customers') }}
        and coalesce(
            refusals.refused_at < case
                when due.channel = 'email' then customers.email_consent_at
                else customers.sms_consent_at
            end,
            refusals.refused_at is null
        )
        and (
            due.only_segment is null
            or {{ is_in_segment('due.only_segment', 'customers.segment_keys') }}
        )
        and (
            due.not_segment is null
            or not {{ is_in_segment('due.not_segment', 'customers.segment_keys') }}
        )
        -- Somebody who ordered since has got over the checkout, the silence and the empty shelf.
        and not (
            due.occasion = 'checkout_abandoned'
            and coalesce(
                greatest(
                    coalesce(last_orders.last_ordered_at, customers.last_ordered_at),
                    coalesce(customers.last_ordered_at, last_orders.last_ordered_at)
                ) >= due.occurred_at,
                false
            )
        )
        and not (
            due.occasion in ('purchase_silence', 'replenishment_due')
            and coalesce(last_orders.last_ordered_at > customers.last_ordered_at, false)
        )

),

-- Sent to whom by today's key, however the customer was called then.
sent as (

    select
        customer_keys.current_customer_key as customer_key,
        sends.journey_key,
        sends.subject_key,
        sends.sent_at

    from sends
    inner join customer_keys on sends.customer_key = customer_keys.customer_key

),

compared as (

    select
        allowed.customer_key,
        allowed.journey_key,
        allowed.subject_key,
        count(*) filter (
            where
            sent.subject_key = allowed.subject_key
            or (sent.subject_key is null and sent.sent_at >= allowed.occurred_at)
        ) as answer_count,
        count(*) filter (
            where
            sent.sent_at
            > {{ dbt.dateadd('hour', '-24 * allowed.cap_days', 'allowed.as_of_at') }}
        ) as recent_count

    from allowed
    inner join sent
        on
            allowed.customer_key = sent.customer_key
            and allowed.journey_key = sent.journey_key

    group by allowed.customer_key, allowed.journey_key, allowed.subject_key

),

unsent as (

    select
        allowed.*,
        allowed.as_of_at as earliest_at

    from allowed
    left join compared
        on
            allowed.customer_key = compared.customer_key
            and allowed.journey_key = compared.journey_key
            and allowed.subject_key = compared.subject_key

    where
        coalesce(compared.answer_count, 0) = 0
        and coalesce(compared.recent_count, 0) < allowed.cap_count

),

clocked as (

    select
        *,
        hour({{ to_reporting_time('earliest_at') }}) as local_hour,
        cast({{ to_reporting_date('earliest_at') }} as timestamp) as local_midnight

    from unsent

),

-- Quiet hours that begin before midnight end on the next day.
quieted as (

    select
        *,
        case
            when quiet_from_hour > quiet_until_hour and local_hour >= quiet_from_hour
                then quiet_until_hour + 24
            when quiet_from_hour > quiet_until_hour and local_hour < quiet_until_hour
                then quiet_until_hour
            when local_hour >= quiet_from_hour and local_hour < quiet_until_hour
                then quiet_until_hour
        end as hours_after_midnight

    from clocked

),

scheduled as (

    select
        *,
        case
            when hours_after_midnight is null then earliest_at
            else {{ from_reporting_time(
                dbt.dateadd('hour', 'hours_after_midnight', 'local_midnight')
            ) }}
        end as send_at

    from quieted

),

-- The newest occasion speaks for the older ones of the same journey.
numbered as (

    select
        *,
        row_number() over (
            partition by customer_key, journey_key
            order by occurred_at desc, subject_key asc
        ) as occasion_number

    from scheduled

    where send_at < expires_at

),

chosen as (

    select * from numbered

    where occasion_number = 1

),

final as (

    select
        customer_key || ':' || journey_key as journey_trigger_key,
        customer_key,
        journey_key,
        channel,
        consent,
        priority,
        row_number() over (
            partition by customer_key
            order by priority asc, due_at asc, journey_key asc
        ) as customer_rank,
        reason || coalesce(
            ': ' || product_title,
            ': ' || cast(cast(amount as decimal(18, 2)) as {{ dbt.type_string() }})
            || ' ' || currency_code,
            ''
        ) as reason,
        occasion,
        occurred_at,
        subject_type,
        subject_key,
        subject_id,
        product_key,
        product_title,
        amount,
        currency_code,
        due_at,
        send_at,
        expires_at,
        as_of_at

    from chosen

)

select * from final
