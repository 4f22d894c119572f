with

segments as (

    select * from {{ ref('segments') }}

),

combinations as (

    select * from {{ ref('int_segment_combinations_summarized') }}

),

changes as (

    select * from {{ ref('segment_changes') }}

),

everybody as (

    select
        sum(customer_count) as customer_count,
        sum(net_amount) as net_amount,
        sum(predicted_amount) as predicted_amount

    from combinations

),

split as (

    select
        {{ split_to_rows('segment_keys') }} as segment_key,
        customer_count,
        buyer_count,
        recent_buyer_count,
        email_contactable_count,
        net_amount,
        predicted_amount,
        scored_count,
        churn_probability_sum

    from combinations

    where segment_keys is not null

),

summarized as (

    select
        segment_key,
        sum(customer_count) as member_count,
        sum(buyer_count) as buyer_count,
        sum(recent_buyer_count) as recent_buyer_count,
        sum(email_contactable_count) as email_contactable_count,
        sum(net_amount) as net_amount,
        sum(predicted_amount) as predicted_amount,
        sum(scored_count) as scored_count,
        sum(churn_probability_sum) as churn_probability_sum

    from split

    group by 1

),

changes_summarized as (

    select
        segment_key,
        count(*) filter (where change_type = 'entered') as entered_count,
        count(*) filter (where change_type = 'left') as left_count

    from changes

    group by 1

),

final as (

    select
        segments.segment_key,
        segments.segment_type,
        segments.name,
        segments.owner,
        segments.priority,
        segments.is_active,
        cast(coalesce(summarized.member_count, 0) as bigint) as member_count,
        {{ kpi_ratio('coalesce(summarized.member_count, 0)', 'everybody.customer_count') }}
            as member_share,
        cast(coalesce(summarized.buyer_count, 0) as bigint) as buyer_count,
        cast(coalesce(summarized.recent_buyer_count, 0) as bigint) as recent_buyer_count,
        {{ kpi_ratio('summarized.recent_buyer_count', 'summarized.member_count') }}
            as conversion_rate_30d,
        cast(coalesce(summarized.email_contactable_count, 0) as bigint)
            as email_contactable_count,
        cast(coalesce(summarized.net_amount, 0) as decimal(18, 4)) as net_amount,
        {{ kpi_ratio('coalesce(summarized.net_amount, 0)', 'everybody.net_amount') }}
            as net_share,
        cast(coalesce(summarized.predicted_amount, 0) as decimal(18, 4)) as predicted_amount,
        {{ kpi_ratio('coalesce(summarized.predicted_amount, 0)', 'everybody.predicted_amount') }}
            as predicted_share,
        {{ kpi_ratio('summarized.churn_probability_sum', 'summarized.scored_count') }}
            as average_churn_probability,
        coalesce(changes_summarized.entered_count, 0) as entered_count,
        coalesce(changes_summarized.left_count, 0) as left_count,
        segments.as_of

    from segments
    cross join everybody
    left join summarized on segments.segment_key = summarized.segment_key
    left join changes_summarized on segments.segment_key = changes_summarized.segment_key

)

select * from final
