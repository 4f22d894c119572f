-- hide within: segment_type
select
    segment_summary.segment_key as segment,
    segment_summary.segment_type,
    segment_summary.name,
    segments.purpose,
    segments.rule,
    segment_summary.owner,
    segment_summary.priority,
    segment_summary.member_count as people,
    segment_summary.member_share,
    segment_summary.net_amount,
    segment_summary.net_share,
    segment_summary.predicted_amount,
    segment_summary.predicted_share,
    segment_summary.average_churn_probability,
    segment_summary.conversion_rate_30d,
    segment_summary.email_contactable_count,
    segment_summary.entered_count,
    segment_summary.left_count

from segment_summary
inner join segments using (segment_key)

where segment_summary.is_active

order by segment_summary.priority, segment_summary.segment_key
