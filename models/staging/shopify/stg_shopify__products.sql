with

products as (

    select * from {{ source('shopify', 'product') }}

),

renamed as (

    select
        source_name,
        'shopify' as platform,
        {{ numeric_key('id') }} as product_key,
        cast(id as {{ dbt.type_string() }}) as product_id,

        title,
        nullif(trim(product_type), '') as product_type,
        vendor,
        lower(status) as status,

        created_at,
        published_at

    from products

)

select * from renamed
