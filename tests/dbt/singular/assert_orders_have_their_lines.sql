-- Fails when more than ten orders of a source, and more than rows may be in quarantine, have a
-- total and no line: the lines' file is older than the orders', or a part of it is missing, and
-- what they brought counts as nothing.
with

orders as (

    select
        source_name,
        count(*) as order_count,
        count(*) filter (where total_amount > 0 and line_count = 0) as without_lines_count,
        sum(case when line_count = 0 then total_amount else 0 end) as without_lines_amount

    from {{ ref('orders') }}

    where is_counted

    group by source_name

)

select *
from orders

where
    without_lines_count > 10
    and without_lines_count > {{ var('quarantine_max_share') }} * order_count
