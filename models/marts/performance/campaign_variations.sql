with

message_days as (

    select * from {{ ref('message_days') }}

    where
        message_key is not null
        and variation_id is not null

),

attributions as (

    select * from {{ ref('order_attributions') }}

    where variation_id is not null

),

days_summarized as (

    select
        message_key,
        variation_id,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(opener_count) as bigint) as opener_count,
        cast(sum(clicker_count) as bigint) as clicker_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count

    from message_days

    group by 1, 2

),

attributions_summarized as (

    select
        message_key,
        variation_id,
        count(*) as attributed_order_count,
        count(distinct customer_key) as buyer_count,
        sum(sales_amount) as attributed_sales_amount

    from attributions

    group by 1, 2

),

joined as (

    select
        days_summarized.*,
        coalesce(attributions_summarized.attributed_order_count, 0) as attributed_order_count,
        coalesce(attributions_summarized.buyer_count, 0) as buyer_count,
        cast(coalesce(attributions_summarized.attributed_sales_amount, 0) as decimal(18, 4))
            as attributed_sales_amount

    from days_summarized
    left join attributions_summarized
        on
            days_summarized.message_key = attributions_summarized.message_key
            and days_summarized.variation_id = attributions_summarized.variation_id

),

-- A variation is judged against all others of its message together: with two that is the usual
-- test of A against B.
compared as (

    select
        *,
        count(*) over (partition by message_key) as variation_count,
        cast(sum(delivered_count) over (partition by message_key) - delivered_count as bigint)
            as other_delivered_count,
        cast(sum(clicker_count) over (partition by message_key) - clicker_count as bigint)
            as other_clicker_count,
        cast(sum(buyer_count) over (partition by message_key) - buyer_count as bigint)
            as other_buyer_count

    from joined

),

tested as (

    select
        *,
        {{ two_proportion_z(
            'clicker_count', 'delivered_count', 'other_clicker_count', 'other_delivered_count'
        ) }} as click_z_score,
        {{ two_proportion_z(
            'buyer_count', 'delivered_count', 'other_buyer_count', 'other_delivered_count'
        ) }} as buyer_z_score

    from compared

),

-- As many chances to be right by luck as there are comparisons (Bonferroni); two variations are
-- one comparison.
corrected as (

    select
        *,
        {{ two_sided_p_value('click_z_score') }}
        * case when variation_count > 2 then variation_count else 1 end as click_p_value,
        {{ two_sided_p_value('buyer_z_score') }}
        * case when variation_count > 2 then variation_count else 1 end as buyer_p_value

    from tested

),

final as (

    select
        message_key || ':' || variation_id as campaign_variation_key,
        message_key,
        variation_id,
        variation_count,
        delivered_count,
        opener_count,
        clicker_count,
        unsubscribed_count,
        attributed_order_count,
        buyer_count,
        attributed_sales_amount,
        {{ kpi_ratio('opener_count', 'delivered_count') }} as open_rate,
        {{ kpi_ratio('clicker_count', 'delivered_count') }} as click_rate,
        {{ kpi_ratio('other_clicker_count', 'other_delivered_count') }} as other_click_rate,
        round(click_z_score, 6) as click_z_score,
        case when click_p_value > 1 then 1e0 else round(click_p_value, 4) end as click_p_value,
        coalesce(click_p_value < {{ var('significance_level') }}, false) as is_click_significant,
        {{ kpi_ratio('buyer_count', 'delivered_count') }} as buyer_rate,
        {{ kpi_ratio('other_buyer_count', 'other_delivered_count') }} as other_buyer_rate,
        round(buyer_z_score, 6) as buyer_z_score,
        case when buyer_p_value > 1 then 1e0 else round(buyer_p_value, 4) end as buyer_p_value,
        coalesce(buyer_p_value < {{ var('significance_level') }}, false) as is_buyer_significant

    from corrected

)

select * from final
