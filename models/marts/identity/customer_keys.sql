with

customers as (

    select customer_key

    from {{ ref('int_customers_resolved') }}

    where record_number = 1

),

successors as (

    select * from {{ ref('int_customer_successors') }}

    where successor_rank = 1

),

published_keys as (

    select * from {{ source('published_state', 'customer_keys') }}

),

published_customers as (

    select
        version,
        customer_key

    from {{ source('published_state', 'customer_identifiers') }}

    group by version, customer_key

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

-- A version that was published before there was a register still has its customers' keys.
issued_by_version as (

    select
        version,
        customer_key,
        current_customer_key,
        first_issued_on
    from published_keys

    union all

    select
        version,
        customer_key,
        customer_key as current_customer_key,
        cast(null as date) as first_issued_on
    from published_customers

),

-- After a rollback a reader may still hold a key that only a version taken back had. The live
-- version knows best, then the newest.
issued_ranked as (

    select
        issued_by_version.*,
        min(issued_by_version.first_issued_on) over (
            partition by issued_by_version.customer_key
        ) as earliest_issued_on,
        row_number() over (
            partition by issued_by_version.customer_key
            order by
                case
                    when issued_by_version.version = run_context.live_version then 0 else 1
                end asc,
                issued_by_version.version desc,
                issued_by_version.current_customer_key asc nulls last
        ) as issue_rank

    from issued_by_version
    cross join run_context

),

issued as (

    select * from issued_ranked

    where issue_rank = 1

),

-- A key of today stands for itself, whatever it was before.
resolved as (

    select
        coalesce(issued.customer_key, customers.customer_key) as customer_key,
        coalesce(customers.customer_key, successors.customer_key) as current_customer_key,
        issued.earliest_issued_on as first_issued_on

    from issued
    full outer join customers on issued.customer_key = customers.customer_key
    left join successors
        on
            issued.version = successors.version
            and issued.current_customer_key = successors.published_customer_key

),

final as (

    select
        resolved.customer_key,
        resolved.current_customer_key,
        case
            when resolved.current_customer_key is null then 'retired'
            when resolved.current_customer_key = resolved.customer_key then 'current'
            else 'replaced'
        end as key_status,
        coalesce(resolved.first_issued_on, run_context.as_of_date) as first_issued_on

    from resolved
    cross join run_context

)

select * from final
