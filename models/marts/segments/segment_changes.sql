with

memberships as (

    select * from {{ ref('customer_segments') }}

),

published_versions as (

    select * from {{ source('published_state', 'versions') }}

),

published_memberships as (

    select * from {{ source('published_state', 'customer_segments') }}

),

-- Whoever today holds a record of the published customer is that customer: after a merge
-- one, after a split several.
successors as (

    select * from {{ ref('int_customer_successors') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

    -- Before the first publication there is nothing to differ from.
    where live_version is not null

),

-- A customer without successor is gone, and leaves under the published key: nobody knows another.
previous as (

    select
        published_memberships.version,
        coalesce(successors.customer_key, published_memberships.customer_key) as customer_key,
        published_memberships.segment_key

    from published_memberships
    left join successors
        on
            published_memberships.version = successors.version
            and published_memberships.customer_key = successors.published_customer_key

    group by 1, 2, 3

),

-- What a reader should have, beside what a reader of each version has.
expected as (

    select
        published_versions.version,
        memberships.customer_key,
        memberships.segment_key

    from memberships
    cross join published_versions

),

-- A change says how it is now, so one that a reader has made already does no harm: changes
-- against several versions are put together.
compared as (

    select
        coalesce(expected.customer_key, previous.customer_key) as customer_key,
        coalesce(expected.segment_key, previous.segment_key) as segment_key,
        case when previous.customer_key is null then 'entered' else 'left' end as change_type

    from expected
    full outer join previous
        on
            expected.version = previous.version
            and expected.customer_key = previous.customer_key
            and expected.segment_key = previous.segment_key

    where
        expected.customer_key is null
        or previous.customer_key is null

    group by 1, 2, 3

),

final as (

    select
        compared.customer_key || ':' || compared.segment_key as segment_change_key,
        compared.customer_key,
        compared.segment_key,
        compared.change_type,
        run_context.live_version as compared_version,
        run_context.as_of_date as as_of

    from compared
    cross join run_context

)

select * from final
