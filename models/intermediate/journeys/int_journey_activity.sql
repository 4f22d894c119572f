{{ config(materialized='table') }}

with

checkouts as (

    select * from {{ ref('int_checkouts_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

identifiers as (

    select * from {{ ref('customer_identifiers') }}

),

windows as (

    select * from {{ ref('int_journey_occasion_windows') }}

),

run_context as (

    select * from {{ ref('stg_pipeline__run_context') }}

),

recent as (

    select
        'checkout' as activity_type,
        checkouts.checkout_key as subject_key,
        checkouts.checkout_id as subject_id,
        checkouts.record_key,
        lower(trim(checkouts.email)) as email_address,
        checkouts.started_at as occurred_at,
        checkouts.total_amount as amount,
        checkouts.currency_code

    from checkouts
    inner join windows on windows.occasion = 'checkout_abandoned'

    where
        checkouts.completed_at is null
        and checkouts.started_at > windows.from_at
        and checkouts.started_at <= windows.until_at

    union all

    select
        'order' as activity_type,
        orders.order_key as subject_key,
        orders.order_id as subject_id,
        orders.record_key,
        lower(trim(orders.email)) as email_address,
        orders.ordered_at as occurred_at,
        orders.total_amount as amount,
        orders.currency_code

    from orders
    cross join run_context

    where
        orders.ordered_at > {{ fresh_from('run_context.as_of_at') }}
        and {{ order_exclusion_reason('orders') }} is null

),

by_record as (

    select
        recent.*,
        identifiers.customer_key

    from recent
    left join identifiers on recent.record_key = identifiers.record_key

),

-- A guest whose checkout no build has seen yet is known by an address that is one customer's alone.
addresses as (

    select
        email_address,
        {{ normalized_email('email_address') }} as email_normalized

    from by_record

    where customer_key is null

    group by email_address

),

by_address as (

    select
        addresses.email_address,
        min(identifiers.customer_key) as customer_key

    from addresses
    inner join identifiers on addresses.email_normalized = identifiers.email_normalized

    group by addresses.email_address

    having min(identifiers.customer_key) = max(identifiers.customer_key)

),

resolved as (

    select
        by_record.activity_type,
        coalesce(by_record.customer_key, by_address.customer_key) as customer_key,
        cast(by_record.subject_key as {{ dbt.type_string() }}) as subject_key,
        by_record.subject_id,
        by_record.occurred_at,
        by_record.amount,
        coalesce(by_record.currency_code, run_context.reporting_currency_code) as currency_code

    from by_record
    cross join run_context
    left join by_address
        on
            by_record.email_address = by_address.email_address
            and by_record.customer_key is null

)

select * from resolved

where customer_key is not null
