with

memberships as (

    select * from {{ ref('customer_segments') }}

),

published_history as (

    select * from {{ source('published_state', 'segment_membership_history') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

successors as (

    select
        successors.published_customer_key,
        successors.customer_key,
        count(*) over (partition by successors.customer_key) as predecessor_count

    from {{ ref('int_customer_successors') }} as successors
    inner join run_context on successors.version = run_context.live_version

),

-- What was known before this day. A build that repeats a published day tells that day again, so
-- that it may be built any number of times.
inherited as (

    select
        successors.customer_key,
        successors.predecessor_count,
        published_history.segment_key,
        published_history.entered_date,
        case
            when published_history.left_date < run_context.as_of_date
                then published_history.left_date
        end as left_date

    from published_history
    inner join successors
        on published_history.customer_key = successors.published_customer_key
    cross join run_context

    where published_history.entered_date < run_context.as_of_date

),

-- Two customers who turn out to be one were in a segment when either was.
stays_compared as (

    select
        customer_key,
        segment_key,
        entered_date,
        coalesce(left_date, cast('9999-12-31' as date)) as left_date,
        max(coalesce(left_date, cast('9999-12-31' as date))) over (
            partition by customer_key, segment_key
            order by entered_date, coalesce(left_date, cast('9999-12-31' as date))
            rows between unbounded preceding and 1 preceding
        ) as left_before_date

    from inherited

    where predecessor_count > 1

),

stays_numbered as (

    select
        customer_key,
        segment_key,
        entered_date,
        left_date,
        sum(case when left_before_date >= entered_date then 0 else 1 end) over (
            partition by customer_key, segment_key
            order by entered_date, left_date
            rows between unbounded preceding and current row
        ) as stay_number

    from stays_compared

),

stays as (

    select
        customer_key,
        segment_key,
        min(entered_date) as entered_date,
        nullif(max(left_date), cast('9999-12-31' as date)) as left_date

    from stays_numbered

    group by customer_key, segment_key, stay_number

    union all

    select
        customer_key,
        segment_key,
        entered_date,
        left_date

    from inherited

    where predecessor_count = 1

),

ended as (

    select
        customer_key,
        segment_key,
        entered_date,
        left_date

    from stays

    where left_date is not null

),

open_stays as (

    select
        customer_key,
        segment_key,
        entered_date

    from stays

    where left_date is null

),

compared as (

    select
        coalesce(memberships.customer_key, open_stays.customer_key) as customer_key,
        coalesce(memberships.segment_key, open_stays.segment_key) as segment_key,
        coalesce(open_stays.entered_date, run_context.as_of_date) as entered_date,
        case when memberships.customer_key is null then run_context.as_of_date end as left_date

    from memberships
    full outer join open_stays
        on
            memberships.customer_key = open_stays.customer_key
            and memberships.segment_key = open_stays.segment_key
    cross join run_context

),

unioned as (

    select * from ended
    union all
    select * from compared

),

final as (

    select
        unioned.customer_key
        || ':' || unioned.segment_key
        || ':' || cast(unioned.entered_date as {{ dbt.type_string() }})
            as segment_membership_key,
        unioned.customer_key,
        unioned.segment_key,
        unioned.entered_date,
        unioned.left_date,
        unioned.left_date is null as is_member,
        {{ days_between(
            'unioned.entered_date', 'coalesce(unioned.left_date, run_context.as_of_date)'
        ) }} as membership_days

    from unioned
    cross join run_context

)

select * from final
