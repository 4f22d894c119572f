with

customers as (

    select * from {{ ref('int_customers_unioned') }}

),

orders as (

    select * from {{ ref('int_orders_unioned') }}

),

checkouts as (

    select * from {{ ref('int_checkouts_unioned') }}

),

profiles as (

    select * from {{ ref('int_profiles_unioned') }}

),

requesters as (

    select * from {{ ref('int_requesters_unioned') }}

),

answers as (

    select * from {{ ref('int_feedback_answers_unioned') }}

),

customer_records as (

    select
        record_key,
        source_name,
        platform,
        'customer' as record_type,
        customer_id as record_id,
        email,
        phone,
        first_name,
        last_name,
        address_line,
        city,
        region,
        postal_code,
        country_code,
        customer_id as customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        created_at

    from customers

),

-- Orders may name an account that raw data does not have: it was deleted, or the table was never
-- landed. The contact data of its latest order then stands for the account.
orders_of_missing_customers as (

    select
        orders.*,
        row_number() over (
            partition by orders.customer_record_key
            order by orders.ordered_at desc nulls last, orders.order_key desc
        ) as recency_rank,
        min(orders.ordered_at) over (partition by orders.customer_record_key)
            as first_ordered_at

    from orders
    left join customers on orders.customer_record_key = customers.record_key

    where
        orders.customer_record_key is not null
        and customers.record_key is null

),

missing_customer_records as (

    select
        customer_record_key as record_key,
        source_name,
        platform,
        'customer' as record_type,
        split_part(customer_record_key, ':', 3) as record_id,
        email,
        phone,
        first_name,
        last_name,
        address_line,
        city,
        region,
        postal_code,
        country_code,
        split_part(customer_record_key, ':', 3) as customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        first_ordered_at as created_at

    from orders_of_missing_customers

    where recency_rank = 1

),

-- An order of a known customer speaks through that customer's record: the platform's own id is
-- the link.
guest_order_records as (

    select
        record_key,
        source_name,
        platform,
        'order' as record_type,
        order_id as record_id,
        email,
        phone,
        first_name,
        last_name,
        address_line,
        city,
        region,
        postal_code,
        country_code,
        cast(null as {{ dbt.type_string() }}) as customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        ordered_at as created_at

    from orders

    where
        customer_record_key is null
        and (email is not null or phone is not null)

),

guest_checkout_records as (

    select
        record_key,
        source_name,
        platform,
        'checkout' as record_type,
        checkout_id as record_id,
        email,
        phone,
        first_name,
        last_name,
        cast(null as {{ dbt.type_string() }}) as address_line,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as postal_code,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_string() }}) as customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        started_at as created_at

    from checkouts

    where
        customer_record_key is null
        and (email is not null or phone is not null)

),

profile_records as (

    select
        record_key,
        source_name,
        platform,
        'profile' as record_type,
        profile_id as record_id,
        email,
        phone,
        first_name,
        last_name,
        address_line,
        city,
        region,
        postal_code,
        country_code,
        external_id as customer_number,
        birthday as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        created_at

    from profiles

),

requester_records as (

    select
        record_key,
        source_name,
        platform,
        'requester' as record_type,
        requester_id as record_id,
        email,
        phone,
        {{ first_name_of('full_name') }} as first_name,
        {{ last_name_of('full_name') }} as last_name,
        cast(null as {{ dbt.type_string() }}) as address_line,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as postal_code,
        cast(null as {{ dbt.type_string() }}) as country_code,
        external_id as customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        created_at

    from requesters

),

respondent_records as (

    select
        record_key,
        source_name,
        platform,
        'respondent' as record_type,
        answer_id as record_id,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        first_name,
        last_name,
        cast(null as {{ dbt.type_string() }}) as address_line,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as region,
        cast(null as {{ dbt.type_string() }}) as postal_code,
        cast(null as {{ dbt.type_string() }}) as country_code,
        customer_number,
        cast(null as {{ dbt.type_string() }}) as birth_date,
        cast(null as {{ dbt.type_string() }}) as national_id,
        answered_at as created_at

    from answers

    where
        email is not null
        or customer_number is not null

),

unioned as (

    select * from customer_records
    union all
    select * from missing_customer_records
    union all
    select * from guest_order_records
    union all
    select * from guest_checkout_records
    union all
    select * from profile_records
    union all
    select * from requester_records
    union all
    select * from respondent_records

)

select * from unioned
