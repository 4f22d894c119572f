with

identifiers as (

    select
        record_key,
        customer_key

    from {{ ref('customer_identifiers') }}

),

published_identifiers as (

    select * from {{ source('published_state', 'customer_identifiers') }}

)

select
    published_identifiers.version,
    published_identifiers.customer_key as published_customer_key,
    identifiers.customer_key

from published_identifiers
inner join identifiers on published_identifiers.record_key = identifiers.record_key

group by 1, 2, 3
