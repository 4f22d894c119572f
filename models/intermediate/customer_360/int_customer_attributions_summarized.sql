with

attributions as (

    select * from {{ ref('order_attributions') }}

),

summarized as (

    select
        customer_key,
        count(*) as attributed_order_count,
        cast(sum(sales_amount) as decimal(18, 4)) as attributed_sales_amount

    from attributions

    group by customer_key

)

select * from summarized
