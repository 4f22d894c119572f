with

transactions as (

    select * from {{ source('shopify', 'transaction') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ numeric_key('id') }} as transaction_key,
        {{ numeric_key('order_id') }} as order_key,

        lower(kind) as transaction_type,
        lower(status) as status,
        gateway,
        upper(currency_code) as currency_code,

        amount,

        coalesce(test, false) as is_test,

        coalesce(processed_at, created_at) as processed_at

    from transactions

)

select * from renamed
