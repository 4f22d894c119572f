-- Fails when customers are in several segments of a type that has only one: shares of the type
-- would add up to more than everybody, and flows lead from nowhere.
{{ config(meta={'dagster': {'ref': {'name': 'segment_summary'}}}) }}

with

split as (

    select
        combination_number,
        {{ split_to_rows('segment_keys') }} as segment_key

    from {{ ref('int_segment_combinations_summarized') }}

    where segment_keys is not null

)

select
    split.combination_number,
    segments.segment_type,
    count(*) as segment_count
from split
inner join {{ ref('segments') }} as segments on split.segment_key = segments.segment_key

where segments.segment_type != 'action'

group by split.combination_number, segments.segment_type

having count(*) > 1
