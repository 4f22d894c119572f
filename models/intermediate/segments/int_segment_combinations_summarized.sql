{{ config(materialized='table') }}

with

customers as (

    select * from {{ ref('customer_360') }}

),

-- Customers share a few thousand combinations of segments: what is said of segments, and of pairs
-- of them, is summed over combinations and not over customers.
summarized as (

    select
        segment_keys,
        count(*) as customer_count,
        count(*) filter (where order_count > 0) as buyer_count,
        count(*) filter (where days_since_last_purchase < 30) as recent_buyer_count,
        count(*) filter (where is_email_contactable) as email_contactable_count,
        cast(sum(net_amount) as decimal(18, 4)) as net_amount,
        cast(coalesce(sum(predicted_revenue), 0) as decimal(18, 4)) as predicted_amount,
        count(churn_probability) as scored_count,
        coalesce(sum(churn_probability), 0) as churn_probability_sum

    from customers

    group by segment_keys

)

select
    {{ any_row_number() }} as combination_number,
    summarized.*
from summarized
