-- The ten segments that most members of a segment are in as well.
with

ranked as (

    select
        segment_overlaps.*,
        row_number() over (
            partition by segment_overlaps.segment_key
            order by segment_overlaps.jaccard_index desc, segment_overlaps.other_segment_key
        ) as overlap_rank

    from segment_overlaps

)

select
    segment_key as segment,
    other_segment_key as other_segment,
    shared_count as people,
    shared_share

from ranked

where overlap_rank <= 10

order by segment_key, overlap_rank
