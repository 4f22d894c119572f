with

keys as (

    select * from {{ ref('customer_keys') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

customer_successors as (

    select * from {{ ref('int_customer_successors') }}

),

successors as (

    select customer_successors.*

    from customer_successors
    inner join run_context on customer_successors.version = run_context.live_version

),

published_identifiers as (

    select * from {{ source('published_state', 'customer_identifiers') }}

),

published_keys as (

    select customer_key

    from {{ source('published_state', 'customer_keys') }}

    group by customer_key

),

published_events as (

    select * from {{ source('published_state', 'customer_key_events') }}

),

published_customers as (

    select published_identifiers.customer_key

    from published_identifiers
    inner join run_context on published_identifiers.version = run_context.live_version

    group by published_identifiers.customer_key

),

successor_counts as (

    select
        published_customer_key,
        count(*) as successor_count

    from successors

    group by published_customer_key

),

predecessor_counts as (

    select
        customer_key,
        count(*) as predecessor_count

    from successors

    group by customer_key

),

-- What became of each customer of the live version.
compared as (

    select
        published_customers.customer_key,
        successors.customer_key as successor_key,
        case
            when successors.customer_key is null then 'retired'
            when successor_counts.successor_count > 1 then 'split'
            when predecessor_counts.predecessor_count > 1 then 'merged'
            else 'rekeyed'
        end as event_type

    from published_customers
    left join successors
        on published_customers.customer_key = successors.published_customer_key
    left join successor_counts
        on published_customers.customer_key = successor_counts.published_customer_key
    left join predecessor_counts on successors.customer_key = predecessor_counts.customer_key

    where published_customers.customer_key is distinct from successors.customer_key

),

-- A key that no version has had: a new customer, or the successor of one.
created as (

    select keys.customer_key

    from keys
    left join published_customers on keys.customer_key = published_customers.customer_key
    left join published_keys on keys.customer_key = published_keys.customer_key
    left join predecessor_counts on keys.customer_key = predecessor_counts.customer_key

    where
        keys.key_status = 'current'
        and published_customers.customer_key is null
        and published_keys.customer_key is null
        and predecessor_counts.customer_key is null

),

unioned as (

    select
        customer_key,
        event_type,
        successor_key
    from compared

    union all

    select
        customer_key,
        'created' as event_type,
        cast(null as {{ dbt.type_string() }}) as successor_key
    from created

),

new_events as (

    select
        md5(concat_ws(
            '|',
            unioned.customer_key,
            unioned.event_type,
            coalesce(unioned.successor_key, ''),
            coalesce(run_context.live_version, '')
        )) as customer_key_event_key,
        unioned.customer_key,
        unioned.event_type,
        unioned.successor_key,
        run_context.live_version as compared_version,
        run_context.as_of_date as as_of

    from unioned
    cross join run_context

),

final as (

    select
        customer_key_event_key,
        customer_key,
        event_type,
        successor_key,
        compared_version,
        as_of
    from published_events

    union all

    select
        customer_key_event_key,
        customer_key,
        event_type,
        successor_key,
        compared_version,
        as_of
    from new_events

)

select * from final
