-- What arrived beside what used to arrive. Runs inside a build's arrival.duckdb, after the measuring; the rules of
-- suites/arrival/ put their limits to these tables. `surprise(n, share, expected)` is how many nats of evidence n
-- observations of `share` give against `expected`: 14 nats are odds of one in a million.
create or replace macro surprise(n, share, expected) as
    n * (
        case when share > 0 then share * ln(share / expected) else 0 end
        + case when share < 1 then (1 - share) * ln((1 - share) / (1 - expected)) else 0 end
    );

create or replace view now_and_then as
select
    date_trunc('hour', since) as since_hour,
    date_trunc('hour', as_of_at) as until_hour,
    date_diff('hour', date_trunc('hour', since), date_trunc('hour', as_of_at)) as hours,
    since
from context;

-- Streams: a source, each of its tables, each kind of rows in it.
create or replace table streams as
select
    source_name,
    coalesce(table_name, '*') as table_name,
    case when grouping(kind) = 1 then '*' else coalesce(kind, '(none)') end as kind,
    hour,
    cast(sum(row_count) as bigint) as row_count
from hourly
group by grouping sets ((source_name, hour), (source_name, table_name, hour), (source_name, table_name, kind, hour));

-- Each stream's new rows beside the same hours of the same weekdays of eight weeks, and of last year. Streams that come
-- in bursts (newsletters) are compared with every day of these weeks, since any of them may be without a burst.
create or replace table volumes as
with parts as (
    select 'all new hours' as part, since_hour as from_hour, until_hour from now_and_then where hours >= 6
    union all
    select 'second half', since_hour + to_hours(hours // 2), until_hour from now_and_then where hours >= 12
),
starts as (
    select source_name, table_name, kind, min(hour) as first_hour, bool_or(bursts) as bursts
    from streams left join bursting using (source_name, table_name)
    where hour <= (select since_hour from now_and_then)
    group by all
),
shifts as (
    select 7 * 24 * greatest(1, cast(ceil(hours / 168) as bigint)) * week as shift, false as only_bursts
    from now_and_then, range(1, 9) as t (week)
    union all
    select 24 * day, true from range(1, 57) as t (day), now_and_then where hours <= 48
    union all
    select 24 * day, false from range(362, 368) as t (day), now_and_then where hours <= 48
),
compared as (
    select
        starts.source_name, starts.table_name, starts.kind, part, from_hour, until_hour, shift,
        coalesce(sum(row_count), 0) as row_count
    from starts
    cross join parts
    cross join (select shift, only_bursts from shifts union all select 0, false) as shifts
    left join streams
        on streams.source_name = starts.source_name
        and streams.table_name = starts.table_name
        and streams.kind = starts.kind
        and streams.hour > from_hour - to_hours(shift)
        and streams.hour <= until_hour - to_hours(shift)
    where first_hour <= from_hour - to_hours(shift) and (bursts or not only_bursts)
    group by all
)
select
    source_name, table_name, kind, part,
    sum(row_count) filter (where shift = 0) as row_count,
    min(row_count) filter (where shift > 0) as lowest,
    median(row_count) filter (where shift > 0) as usual,
    max(row_count) filter (where shift > 0) as highest,
    count(distinct shift) filter (where shift > 0) as windows
from compared
group by all;

-- How long each stream has been silent, beside the longest silence of the eight weeks before.
create or replace table silences as
with gaps as (
    select
        *, date_diff('hour', lag(hour) over (partition by source_name, table_name, kind order by hour), hour) as gap
    from streams, now_and_then
    where hour > until_hour - to_days(70)
)
select
    source_name, table_name, kind,
    max(hour) as newest_hour,
    sum(row_count) as row_count,
    date_diff('day', min(hour), max(hour)) as days,
    max(gap) as longest_hours,
    date_diff('hour', max(hour), max(until_hour)) as silent_hours,
    date_diff('hour', max(hour), max(since_hour)) as silent_hours_when_published,
    -- Hours with rows, not rows: a stream that comes in bunches is not as lively as its rows say.
    date_diff('hour', max(hour), max(until_hour)) * count(*) / greatest(date_diff('hour', min(hour), max(hour)), 1)
        as missed_hours
from gaps
group by all;

-- Months of the past, as they are now and as the live version counted them.
create or replace table past as
with months as (
    select source_name, table_name, month, now.row_count as row_count, coalesce(was.row_count, 0) as published_count
    from live.monthly as was full join monthly as now using (source_name, table_name, month)
)
select
    months.*, month + interval 1 month < (select since from context) - interval 7 days as is_closed,
    month = min(month) over (partition by source_name, table_name) as is_first
from months
semi join live.tables using (source_name, table_name)
where month <= (select since from context);

-- The same records, read by the live version's build and by this one.
create or replace table record_changes as
with kept as (
    select
        was.source_name, was.table_name, was.column_name, was.is_overwritten, was.record, was.content,
        now.record is not null as is_there, now.content as content_now
    from live.records as was left join reread as now using (source_name, table_name, record, column_name)
)
select
    source_name, table_name, column_name, is_overwritten,
    count(*) as records,
    count(*) filter (where not is_there) as missing,
    count(*) filter (where is_there and content is not null) as filled,
    count(*) filter (where is_there and content is not null and content is distinct from content_now) as changed
from kept
group by all;

-- Columns of new rows beside those of the weeks before, and beside what was new in the live version: a column that
-- fills up with time is as empty now as it was then. That may have been a few rows, so that one and two are added
-- (Laplace's rule of succession).
create or replace table column_changes as
select
    now.source_name, now.table_name, now.column_name, now.data_kind, now.row_count, now.null_count,
    now.row_count - now.null_count as filled, now.mean, now.q50,
    before.row_count - before.null_count as filled_before, before.mean as mean_before, before.deviation as deviation_before,
    before.q05 as q05_before,
    now.null_count / now.row_count as null_share,
    greatest(
        coalesce(before.null_count / before.row_count, 0), coalesce((was.null_count + 1) / (was.row_count + 2), 0)
    ) as null_share_before,
    greatest(
        before.mean, (was.mean * (was.row_count - was.null_count) + 1) / (was.row_count - was.null_count + 2)
    ) as highest_mean_before,
    coalesce(bursting.bursts, false) as bursts
from columns as now
inner join columns as before
    on before.source_name = now.source_name and before.table_name = now.table_name
    and before.column_name = now.column_name and not before.is_new
left join bursting on bursting.source_name = now.source_name and bursting.table_name = now.table_name
left join live.columns as was
    on was.source_name = now.source_name and was.table_name = now.table_name
    and was.column_name = now.column_name and was.is_new
where now.is_new and now.row_count > 0 and before.row_count > 0;

-- Words of new rows: how many rows hold one that was never seen, and how the share of each known one moved.
create or replace table word_changes as
with now as (select * from words where is_new),
before as (
    select source_name, table_name, column_name, word, sum(row_count) as row_count from words where not is_new and row_count > 0 group by all
),
was as (
    select source_name, table_name, column_name, word, sum(row_count) as row_count
    from live.words where is_new group by all
),
totals as (select source_name, table_name, column_name, sum(row_count) as n from now group by all),
totals_before as (select source_name, table_name, column_name, sum(row_count) as n from before group by all),
totals_was as (select source_name, table_name, column_name, sum(row_count) as n from was group by all)
select
    now.source_name, now.table_name, now.column_name, now.word, now.row_count, totals.n,
    now.row_count / totals.n as share,
    greatest(
        coalesce(before.row_count / totals_before.n, 0), (coalesce(was.row_count, 0) + 1) / (totals_was.n + 2)
    ) as share_before,
    before.word is null and known.word is null as is_unknown
from now
inner join totals using (source_name, table_name, column_name)
inner join totals_before using (source_name, table_name, column_name)
left join before using (source_name, table_name, column_name, word)
left join was using (source_name, table_name, column_name, word)
left join totals_was using (source_name, table_name, column_name)
left join (select distinct source_name, table_name, column_name, word from live.words) as known
    using (source_name, table_name, column_name, word);

-- Rows that repeat another row under a new key: new ones beside the weeks before, and all beside the live version's.
create or replace table repeat_changes as
select
    now.source_name, now.table_name, now.row_count, now.repeated,
    now.repeated / now.row_count as share, coalesce(before.repeated / before.row_count, 0) as share_before
from repeats as now
inner join repeats as before
    on before.source_name = now.source_name and before.table_name = now.table_name and not before.is_new
where now.is_new
union all
select
    now.source_name, now.table_name, now.row_count, now.repeated,
    now.repeated / now.row_count, max(was.repeated / was.row_count)
from repeats as now
inner join live.repeats as was using (source_name, table_name)
where not now.is_new and was.row_count > 0
group by all;

-- How much better the hours of day fit a clock that is wrong by 2 to 12 hours than the right one, in nats, per source;
-- `week` 0 is what is new, the others are the same hours of the weeks before, for what is usual.
create or replace table clocks as
with windows as (
    select
        week, since_hour - to_hours(step * week) as from_hour, until_hour - to_hours(step * week) as until_hour
    from now_and_then, range(0, 8) as t (week), (
        select 168 * greatest(1, cast(ceil(hours / 168) as bigint)) as step from now_and_then
    )
    where hours >= 6
),
steady as (
    select source_name, table_name, hour, row_count
    from streams left join bursting using (source_name, table_name)
    where kind = '*' and table_name <> '*' and not coalesce(bursts, false)
),
allowed as (
    select week, datepart('hour', hour) as hour_of_day, count(*) as times
    from windows, range(from_hour + to_hours(1), until_hour + to_hours(1), interval 1 hour) as t (hour)
    group by all
),
usual as (
    select source_name, table_name, datepart('hour', hour) as hour_of_day, sum(row_count) as row_count
    from steady where hour <= (select since_hour from now_and_then) group by all
),
streams_of as (select distinct source_name, table_name from usual),
base as (
    select source_name, table_name, hour_of_day, coalesce(row_count, 0) + 1.0 as weight
    from streams_of cross join (select unnest(range(24)) as hour_of_day) left join usual
        using (source_name, table_name, hour_of_day)
),
observed as (
    select week, source_name, table_name, datepart('hour', hour) as hour_of_day, sum(row_count) as row_count
    from steady inner join windows on hour > from_hour and hour <= until_hour
    group by all
),
fits as (
    select
        allowed.week, base.source_name, base.table_name, shift, allowed.hour_of_day,
        weight * times / sum(weight * times) over (
            partition by allowed.week, base.source_name, base.table_name, shift
        ) as share
    from allowed
    cross join (select unnest(range(-12, 13)) as shift)
    inner join base on base.hour_of_day = (allowed.hour_of_day - shift + 24) % 24
),
likelihoods as (
    select week, source_name, shift, sum(row_count * ln(share)) as fit, sum(row_count) as row_count
    from fits inner join observed using (week, source_name, table_name, hour_of_day)
    group by all
)
select
    shifted.week, shifted.source_name, shifted.row_count,
    max(shifted.fit - straight.fit) as nats,
    max_by(shifted.shift, shifted.fit - straight.fit) as shift_hours
from likelihoods as shifted
inner join likelihoods as straight using (week, source_name)
where straight.shift = 0 and abs(shifted.shift) >= 2
group by all;
