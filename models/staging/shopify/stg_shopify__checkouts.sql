with

checkouts as (

    select * from {{ source('shopify', 'abandoned_checkout') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ numeric_key('id') }} as checkout_key,
        cast(id as {{ dbt.type_string() }}) as checkout_id,
        {{ entity_key('customer', 'customer_id') }} as customer_record_key,
        coalesce(
            {{ entity_key('customer', 'customer_id') }}, {{ entity_key('checkout', 'id') }}
        ) as record_key,

        email,
        coalesce(phone, billing_address_phone, shipping_address_phone) as phone,
        case
            when billing_address_last_name is not null then billing_address_first_name
            else shipping_address_first_name
        end as first_name,
        coalesce(billing_address_last_name, shipping_address_last_name) as last_name,
        upper(currency_code) as currency_code,

        total_price as total_amount,

        created_at as started_at,
        completed_at

    from checkouts

)

select * from renamed
