select
    segment_type,
    coalesce(from_segment_key, '') as from_segment,
    coalesce(to_segment_key, '') as to_segment,
    customer_count as people

from segment_flows

order by segment_type, customer_count desc, from_segment_key nulls first, to_segment_key nulls first
