with

requesters as (

    select * from {{ ref('int_requesters_unioned') }}

),

profiles as (

    select * from {{ ref('int_profiles_unioned') }}

),

customers as (

    select * from {{ ref('int_customers_resolved') }}

),

-- The language somebody asks for help in is one they read and write; the one of a profile is often
-- the browser's.
stated as (

    select
        record_key,
        {{ language_code('locale') }} as language_code,
        1 as source_rank,
        created_at

    from requesters

    union all

    select
        record_key,
        {{ language_code('locale') }} as language_code,
        2 as source_rank,
        created_at

    from profiles

),

numbered as (

    select
        customers.customer_key,
        stated.language_code,
        customers.source_name,
        customers.record_type,
        row_number() over (
            partition by customers.customer_key
            order by
                stated.source_rank asc,
                stated.created_at desc nulls last,
                stated.record_key asc
        ) as statement_number

    from stated
    inner join customers on stated.record_key = customers.record_key

    where stated.language_code is not null

),

resolved as (

    select
        customer_key,
        language_code,
        {{ record_origin('numbered') }} as language_source

    from numbered

    where statement_number = 1

)

select * from resolved
