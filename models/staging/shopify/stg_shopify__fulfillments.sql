with

fulfillments as (

    select * from {{ source('shopify', 'fulfillment') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ numeric_key('id') }} as fulfillment_key,
        {{ numeric_key('order_id') }} as order_key,

        lower(status) as status,
        lower(shipment_status) as shipment_status,
        tracking_company as carrier,

        created_at as fulfilled_at

    from fulfillments

)

select * from renamed
