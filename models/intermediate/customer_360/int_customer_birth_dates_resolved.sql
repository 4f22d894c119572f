with

profiles as (

    select * from {{ ref('int_profiles_unioned') }}

    where birth_date is not null

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- A birthday never changes: what most records say is right, and of equals the newest record.
counted as (

    select
        customers.customer_key,
        profiles.birth_date,
        count(*) as record_count,
        max(profiles.created_at) as recorded_at,
        max({{ record_origin('customers') }}) as birth_date_source

    from profiles
    inner join customers on profiles.record_key = customers.record_key

    group by customers.customer_key, profiles.birth_date

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by
                record_count desc,
                recorded_at desc nulls last,
                birth_date asc
        ) as statement_number

    from counted

),

resolved as (

    select
        customer_key,
        birth_date,
        birth_date_source

    from numbered

    where statement_number = 1

)

select * from resolved
