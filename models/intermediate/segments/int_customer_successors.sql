{{ config(materialized='table') }}

with

customers as (

    select
        record_key,
        customer_key

    from {{ ref('int_customers_resolved') }}

),

published_identifiers as (

    select * from {{ source('published_state', 'customer_identifiers') }}

),

counted as (

    select
        published_identifiers.version,
        published_identifiers.customer_key as published_customer_key,
        customers.customer_key,
        count(*) as record_count

    from published_identifiers
    inner join customers on published_identifiers.record_key = customers.record_key

    group by
        published_identifiers.version,
        published_identifiers.customer_key,
        customers.customer_key

),

final as (

    select
        version,
        published_customer_key,
        customer_key,
        row_number() over (
            partition by version, published_customer_key
            order by record_count desc, customer_key asc
        ) as successor_rank

    from counted

)

select * from final
