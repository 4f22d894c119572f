with

customers as (

    select * from {{ source('shopify', 'customer') }}

),

addresses as (

    select * from {{ source('shopify', 'customer_address') }}

),

-- GraphQL marks the default on the address, REST names it on the customer.
default_addresses as (

    select
        source_name,
        customer_id,

        max(id) as address_id

    from addresses

    where is_default

    group by source_name, customer_id

),

joined as (

    select
        customers.source_name,
        'shopify' as platform,
        {{ entity_key('customer', 'customers.id', 'customers.source_name') }} as record_key,
        cast(customers.id as {{ dbt.type_string() }}) as customer_id,

        customers.email,
        customers.phone,
        customers.first_name,
        customers.last_name,
        nullif(concat_ws(' ', addresses.address_1, addresses.address_2), '') as address_line,
        addresses.city,
        addresses.province as region,
        addresses.zip as postal_code,
        upper(addresses.country_code) as country_code,
        case
            when lower(customers.email_marketing_consent_state) = 'not_subscribed'
                then 'never_subscribed'
            when
                lower(customers.email_marketing_consent_state)
                in ('subscribed', 'unsubscribed', 'pending')
                then lower(customers.email_marketing_consent_state)
            when customers.accepts_marketing then 'subscribed'
            when not customers.accepts_marketing then 'never_subscribed'
        end as email_consent_status,

        coalesce(customers.verified_email, false) as is_email_verified,

        customers.consent_updated_at as email_consent_at,
        customers.created_at,
        customers._fivetran_synced as loaded_at

    from customers

    left join default_addresses
        on
            customers.source_name = default_addresses.source_name
            and customers.id = default_addresses.customer_id

    left join addresses
        on
            customers.source_name = addresses.source_name
            and coalesce(customers.default_address_id, default_addresses.address_id)
            = addresses.id

)

select * from joined
