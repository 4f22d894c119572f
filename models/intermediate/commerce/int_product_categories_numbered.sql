with

products as (

    select * from {{ ref('int_products_unioned') }}

),

numbered as (

    select
        product_key,
        product_type,
        vendor,
        dense_rank() over (
            order by product_type asc nulls first, vendor asc nulls first
        ) as category_number

    from products

)

select * from numbered
