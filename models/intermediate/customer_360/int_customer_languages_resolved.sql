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

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

-- The language somebody asks for help in is one they read and write; in the one of the shop they
-- chose to buy; the one of a profile is often the browser's.
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
        3 as source_rank,
        created_at

    from profiles

),

joined as (

    select
        customers.customer_key,
        stated.language_code,
        stated.source_rank,
        stated.created_at,
        stated.record_key,
        {{ record_origin('customers') }} as language_source

    from stated
    inner join customers on stated.record_key = customers.record_key

    union all

    select
        customer_key,
        {{ language_code('last_customer_locale') }} as language_code,
        2 as source_rank,
        last_ordered_at as created_at,
        '' as record_key,
        last_locale_source_name || ':order' as language_source

    from customer_orders

),

numbered as (

    select
        *,
        row_number() over (
            partition by customer_key
            order by
                source_rank asc,
                created_at desc nulls last,
                record_key asc
        ) as statement_number

    from joined

    where language_code is not null

),

resolved as (

    select
        customer_key,
        language_code,
        language_source

    from numbered

    where statement_number = 1

)

select * from resolved
