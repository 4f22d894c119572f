with

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

),

tiers as (

    select
        loyalty_tier,
        min_annual_amount,
        lead(min_annual_amount) over (order by min_annual_amount) as next_min_annual_amount

    from {{ ref('loyalty_tiers') }}

),

assigned as (

    select
        customer_orders.customer_key,
        tiers.loyalty_tier

    from customer_orders
    inner join tiers
        on
            customer_orders.annual_net_amount >= tiers.min_annual_amount
            and (
                customer_orders.annual_net_amount < tiers.next_min_annual_amount
                or tiers.next_min_annual_amount is null
            )

)

select * from assigned
