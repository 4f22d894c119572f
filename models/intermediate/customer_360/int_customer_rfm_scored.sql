with

customer_orders as (

    select * from {{ ref('int_customer_orders_summarized') }}

    where purchase_day_count > 0

),

-- percent_rank and not ntile, so that equals score equally: ntile would put one half of the
-- one-time buyers above the other. Recency counts from the newest: those who bought last are
-- the best, however many they are.
ranked as (

    select
        customer_key,
        percent_rank() over (order by last_purchase_date desc) as recency_rank,
        percent_rank() over (order by purchase_day_count) as frequency_rank,
        percent_rank() over (order by net_amount) as monetary_rank

    from customer_orders

),

scored as (

    select
        customer_key,
        cast(case
            when recency_rank < 0.2e0 then 5
            when recency_rank < 0.4e0 then 4
            when recency_rank < 0.6e0 then 3
            when recency_rank < 0.8e0 then 2
            else 1
        end as bigint) as recency_score,
        cast(case
            when frequency_rank >= 0.8e0 then 5
            when frequency_rank >= 0.6e0 then 4
            when frequency_rank >= 0.4e0 then 3
            when frequency_rank >= 0.2e0 then 2
            else 1
        end as bigint) as frequency_score,
        cast(case
            when monetary_rank >= 0.8e0 then 5
            when monetary_rank >= 0.6e0 then 4
            when monetary_rank >= 0.4e0 then 3
            when monetary_rank >= 0.2e0 then 2
            else 1
        end as bigint) as monetary_score

    from ranked

)

select * from scored
