with

products as (

    select * from {{ ref('int_products_unioned') }}

)

select
    product_key,
    product_id,
    source_name,
    platform,
    title,
    product_type,
    vendor,
    status,
    created_at,
    published_at
from products
