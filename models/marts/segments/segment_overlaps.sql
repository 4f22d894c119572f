with

combinations as (

    select * from {{ ref('int_segment_combinations_summarized') }}

    where segment_keys is not null

),

summary as (

    select * from {{ ref('segment_summary') }}

),

split as (

    select
        combination_number,
        customer_count,
        {{ split_to_rows('segment_keys') }} as segment_key

    from combinations

),

paired as (

    select
        split.segment_key,
        others.segment_key as other_segment_key,
        sum(split.customer_count) as shared_count

    from split
    inner join split as others
        on
            split.combination_number = others.combination_number
            and split.segment_key != others.segment_key

    group by 1, 2

),

final as (

    select
        paired.segment_key || ':' || paired.other_segment_key as segment_overlap_key,
        paired.segment_key,
        paired.other_segment_key,
        cast(paired.shared_count as bigint) as shared_count,
        {{ kpi_ratio('paired.shared_count', 'summary.member_count') }} as shared_share,
        {{ kpi_ratio(
            'paired.shared_count',
            '(summary.member_count + other_summary.member_count - paired.shared_count)'
        ) }} as jaccard_index

    from paired
    inner join summary on paired.segment_key = summary.segment_key
    inner join summary as other_summary on paired.other_segment_key = other_summary.segment_key

)

select * from final
