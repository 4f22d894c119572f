"""What arrived, in figures: one small DuckDB file per build, measured from the conformed relations.

Belongs here: how raw tables are measured. Does not: judging the figures (suites/arrival.yml).

The file lies in the private `OUT/quality/<build_id>/`. A build compares itself with the file of the build that is
live, so a refused build never becomes the new normal, and a rollback brings the old normal back. Everything is
counted by DuckDB; a fact table is read once, and of most columns only the last weeks.
"""

import math
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from crm_warehouse.ingest.declaration import (
    CONFORMED_PREFIX,
    LOAD_TIME,
    Column,
    Platform,
    Table,
    load_platforms,
)
from crm_warehouse.ingest.sql import identifier, literal, moment
from crm_warehouse.publish.versions import list_versions, live_version
from crm_warehouse.settings import Settings

MEASURES_FILE = "arrival.duckdb"
ARRIVAL_FILE = "arrival.json"
"""The verdict on the measures, beside them."""
SQL_DIR = Path(__file__).parent / "sql"
# Eight weeks of the same weekday, and as much of a longer pause as was missed.
RECENT_WEEKS = 8
# Records whose content is kept as hashes, to see whether the next build reads the same. 300 find a change of 2 %
# of the rows with a probability of 99.8 %.
SAMPLED_RECORDS = 300
# Below this size a table is profiled whole; above it, only its newest part.
SMALL_ROWS = 100_000
NEWEST_SHARE = 0.05
# With fewer columns, rows of equal content are normal.
MIN_CONTENTS = 3
KEPT_FOLDERS = 5

_DDL = """
create table context (build_id varchar, as_of_at timestamp, since timestamp, hours bigint);
create table tables (
    source_name varchar, table_name varchar, entity varchar, row_count bigint, first_at timestamp,
    newest_at timestamp, identical_copies bigint, first_position double, last_position double
);
create table bursting (source_name varchar, table_name varchar, bursts boolean);
create table hourly (source_name varchar, table_name varchar, kind varchar, hour timestamp, row_count bigint);
create table monthly (source_name varchar, table_name varchar, month date, row_count bigint);
create table columns (
    source_name varchar, table_name varchar, column_name varchar, data_kind varchar, is_new boolean,
    row_count bigint, null_count bigint, mean double, deviation double, q05 double, q50 double
);
create table words (
    source_name varchar, table_name varchar, column_name varchar, is_new boolean, word varchar, row_count bigint
);
create table repeats (source_name varchar, table_name varchar, is_new boolean, row_count bigint, repeated bigint);
create table records (
    source_name varchar, table_name varchar, record ubigint, position double, column_name varchar,
    is_overwritten boolean, content ubigint
);
create table reread (
    source_name varchar, table_name varchar, record ubigint, column_name varchar, content ubigint
);
"""


@dataclass(frozen=True)
class _Scope:
    """One table of one source and the range that is looked at closely.

    Attributes:
        source: Name of the source.
        table: Its declaration.
        position: What orders its rows: a moment, or a growing key where rows have no time; None where nothing does.
        since: Position up to which the live version knew the table, as SQL; None where that is unknown.
        start: Where the range of recent rows begins, as SQL; None for the whole table.
    """

    source: str
    table: Table
    position: str | None
    since: str | None
    start: str | None

    @property
    def relation(self) -> str:
        schema = identifier(f"{CONFORMED_PREFIX}{self.table.platform}")
        return f"warehouse.{schema}.{identifier(self.table.name)}"

    @property
    def named(self) -> str:
        return f"{literal(self.source)} as source_name, {literal(self.table.name)} as table_name"

    @property
    def own(self) -> str:
        return f"source_name = {literal(self.source)}"

    @property
    def recent(self) -> str:
        """Condition: the row lies in the range that is looked at closely."""
        return f"{self.own} and {self.position} > {self.start}" if self.start else self.own

    @property
    def is_new(self) -> str:
        """Condition: the live version did not know the row."""
        return f"coalesce({self.position} > {self.since}, false)" if self.since else "false"

    @property
    def key(self) -> str:
        return ", ".join(map(identifier, self.table.primary_key))

    @property
    def contents(self) -> list[Column]:
        """Columns that say something: neither part of the key nor the load time."""
        return [c for c in self.table.columns if c.name not in {*self.table.primary_key, LOAD_TIME}]


def quality_dir(settings: Settings, build_id: str) -> Path:
    """Where a build keeps its figures and findings; private, as the warehouse is."""
    return settings.out / "quality" / build_id


def measure_arrival(settings: Settings, build_id: str) -> Path:
    """Measure what `build_id` ingested; return the file with the figures, those of the live version beside them."""
    folder = quality_dir(settings, build_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / MEASURES_FILE
    live = _live_measures(settings)
    with duckdb.connect(str(path), config={"memory_limit": settings.memory_limit}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {literal(str(settings.warehouse_path))} as warehouse (read_only)")
        con.execute(_DDL)
        _copy_live(con, live)
        _measure(con)
        con.execute("detach warehouse")
        con.execute((SQL_DIR / "comparisons.sql").read_text())
    _collect(settings, build_id)
    return path


def _live_measures(settings: Settings) -> Path | None:
    live = live_version(settings)
    path = quality_dir(settings, live.build_id) / MEASURES_FILE if live else None
    return path if path and path.exists() else None


def _copy_live(con: duckdb.DuckDBPyConnection, live: Path | None) -> None:
    """The live version's figures as schema `live`; typed and empty where there are none."""
    con.execute("create schema live")
    if live:
        con.execute(f"attach {literal(str(live))} as published (read_only)")
    tables = con.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'main'"
    ).fetchall()
    for (name,) in tables:
        origin = f"published.main.{name}" if live else f"main.{name} where false"
        con.execute(f"create table live.{name} as select * from {origin}")  # noqa: S608 - names of _DDL
    if live:
        con.execute("detach published")


def _measure(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        insert into context
        select build_id, as_of_at, since, date_diff('hour', since, as_of_at)
        from warehouse.pipeline.run_context
        -- A build of an earlier day has nothing to compare with; publishing refuses it.
        left join (select as_of_at as since from live.context) on since <= run_context.as_of_at
        """
    )
    as_of_at, since = con.execute("select as_of_at, since from context").fetchall()[0]
    # Without a live version the last day stands for what is new: the next build compares its news with it.
    until = since or as_of_at - timedelta(days=1)
    platforms = load_platforms()
    for source, platform, name, rows in con.execute(
        "select source_name, platform, table_name, row_count from warehouse.pipeline.source_report "
        "where build_id = (select build_id from context) and row_count > 0 order by all"
    ).fetchall():
        scope = _scope(con, source, platforms[platform].tables[name], rows, (_start(as_of_at, until), until))
        _measure_table(con, scope, as_of_at)
        if scope.start or rows <= SMALL_ROWS:
            _measure_columns(con, scope)
            _measure_persons(con, scope, platforms[platform])
            _measure_words(con, scope)
            _measure_repeats(con, scope)
            _sample_records(con, scope)
    _remember_words(con)


def _start(as_of_at: datetime, until: datetime) -> datetime:
    """Eight weeks before what is new; before a long pause, eight times its whole weeks."""
    weeks = max(1, math.ceil((as_of_at - until) / timedelta(weeks=1)))
    return until - RECENT_WEEKS * timedelta(weeks=weeks)


def _scope(
    con: duckdb.DuckDBPyConnection, source: str, table: Table, rows: int, times: tuple[datetime, datetime]
) -> _Scope:
    if table.happened_at:
        first, until = map(moment, times)
        return _Scope(source, table, _time(con, source, table), until, first)
    key = table.primary_key[0] if table.primary_key else None
    if key is None or table.column(key).data_type != "bigint":
        return _Scope(source, table, None, None, None)
    known = con.execute(
        "select last_position from live.tables where source_name = ? and table_name = ?", [source, table.name]
    ).fetchall()
    scope = _Scope(source, table, identifier(key), None, None)
    low, high = con.execute(
        f"select min({scope.position}), max({scope.position}) from {scope.relation} where {scope.own}"
    ).fetchall()[0]
    start = None if rows <= SMALL_ROWS else str(int(high - (high - low) * NEWEST_SHARE))
    since = str(int(known[0][0])) if known and known[0][0] is not None else None
    return _Scope(source, table, scope.position, since, start)


def _time(con: duckdb.DuckDBPyConnection, source: str, table: Table) -> str:
    """The moment of a row; a bare column where it has no nulls, so that DuckDB skips what is older."""
    first, *others = map(identifier, table.happened_at)
    relation = f"warehouse.{identifier(CONFORMED_PREFIX + table.platform)}.{identifier(table.name)}"
    if others:
        ((nulls,),) = con.execute(
            f"select count(*) from {relation} where source_name = {literal(source)} and {first} is null"
        ).fetchall()
        if nulls:
            return f"coalesce({', '.join([first, *others])})"
    return first


def _measure_table(con: duckdb.DuckDBPyConnection, scope: _Scope, as_of_at: datetime) -> None:
    position: str = scope.position or "cast(null as bigint)"
    number: str = f"epoch({position})" if scope.table.happened_at else position
    if scope.table.primary_key and scope.table.column(scope.table.primary_key[0]).data_type == "bigint":
        number = identifier(scope.table.primary_key[0])
    happened = position if scope.table.happened_at else "cast(null as timestamp)"
    con.execute(
        f"""
        insert into tables
        select
            {scope.named}, {literal(scope.table.arrival.entity)}, count(*), min({happened}), max({happened}),
            coalesce((
                select sum(row_count) from warehouse.pipeline.removed_rows
                where {scope.own} and table_name = {literal(scope.table.name)} and rule = 'duplicate_copy'
            ), 0),
            min({number}), max({number})
        from {scope.relation} where {scope.own}
        """
    )
    if not scope.table.happened_at:
        return
    bursts = str(scope.table.arrival.bursts).lower()
    con.execute(f"insert into bursting select {scope.named}, {bursts}")
    con.execute(
        f"insert into monthly select {scope.named}, date_trunc('month', {position}), count(*) "
        f"from {scope.relation} where {scope.own} and {position} is not null group by all"
    )
    kind = identifier(scope.table.arrival.kind) if scope.table.arrival.kind else "null"
    # The same season of last year, when the shop may have been closed as well.
    year, week = as_of_at - timedelta(days=365), timedelta(days=8)
    last_year = f"{position} between {moment(year - week)} and {moment(year + week)}"
    con.execute(
        f"insert into hourly select {scope.named}, cast({kind} as varchar), date_trunc('hour', {position}), count(*) "
        f"from {scope.relation} where ({scope.recent}) or ({scope.own} and {last_year}) group by all"
    )


def _measure_columns(con: duckdb.DuckDBPyConnection, scope: _Scope) -> None:
    first_key = scope.table.primary_key[0] if scope.table.primary_key else None
    measured = [column for column in scope.table.columns if column.name != LOAD_TIME]
    flags = scope.table.arrival.flags
    figures = ", ".join(
        _figures(column, is_key=column.name == first_key, is_flag=column.name in flags) for column in measured
    )
    names = ", ".join(
        f"{{'name': {literal(c.name)}, 'kind': {literal('flag' if c.name in flags else _kind(c))}}}"
        for c in measured
    )
    con.execute(
        f"""
        insert into columns
        with measured as (
            select {scope.is_new} as is_new, count(*) as n, [{figures}] as figures
            from {scope.relation} where {scope.recent} group by all
        ), one as (
            select is_new, n, unnest([{names}]) as of_column, unnest(figures) as figure from measured
        )
        select
            {scope.named}, of_column.name, of_column.kind, is_new, n, n - figure.filled,
            figure.mean, figure.deviation, figure.q05, figure.q50
        from one
        """
    )


def _kind(column: Column) -> str:
    if column.data_type.startswith("decimal") or column.name == "quantity":
        return "amount"
    return {"string": "text", "boolean": "flag"}.get(column.data_type, "other")


def _measure_persons(con: duckdb.DuckDBPyConnection, scope: _Scope, platform: Platform) -> None:
    """How often a row gives another address or number than the person it refers to: as a flag."""
    pairs = [
        (reference, own, person, theirs)
        for reference in scope.table.columns
        if reference.person
        for person in [platform.tables[reference.person]]
        for own in scope.table.columns
        for theirs in person.columns
        if own.identifier and own.identifier == theirs.identifier
    ]
    for reference, own, person, theirs in pairs:
        told, known = (f"lower(trim(cast({identifier(name)} as varchar)))" for name in ("told", "known"))
        con.execute(
            f"""
            insert into columns
            with rows as (
                select {scope.is_new} as is_new, {identifier(reference.name)} as person, {identifier(own.name)} as told
                from {scope.relation} where {scope.recent}
            ), persons as (
                select {identifier(person.primary_key[0])} as person, {identifier(theirs.name)} as known
                from warehouse.{identifier(CONFORMED_PREFIX + platform.name)}.{identifier(person.name)}
                where {scope.own}
            ), compared as (
                select is_new, cast({told} <> {known} as integer) as differs from rows left join persons using (person)
            )
            select
                {scope.named}, {literal(f"{own.name} other than {theirs.name} of {person.name}")}, 'flag', is_new,
                count(*), count(*) - count(differs), avg(differs), stddev_pop(differs), null, null
            from compared group by all
            """
        )


def _figures(column: Column, *, is_key: bool, is_flag: bool) -> str:
    """How much of a column is filled, and where its values lie: amounts by logarithm, text by length."""
    name = identifier(column.name)
    ranked = name if is_key and column.data_type == "bigint" else "cast(null as bigint)"
    value = {
        "amount": f"case when {name} <> 0 then ln(abs(cast({name} as double))) end",
        "text": f"length({name})",
        "flag": f"cast(cast({name} as integer) as double)",
    }.get(_kind(column), "cast(null as double)")
    filled = f"count({name})"
    if is_flag:
        value, filled = f"cast(cast({name} is not null as integer) as double)", "count(*)"
    return (
        f"{{'filled': {filled}, 'mean': avg({value}), 'deviation': stddev_pop({value}), "
        f"'q05': cast(approx_quantile({ranked}, 0.05) as double), "
        f"'q50': cast(approx_quantile({ranked}, 0.5) as double)}}"
    )


def _measure_words(con: duckdb.DuckDBPyConnection, scope: _Scope) -> None:
    """Which words columns of few words hold; of personal columns, only how often a value was seen before."""
    for name in scope.table.arrival.words:
        column = identifier(name)
        con.execute(
            f"insert into words select {scope.named}, {literal(name)}, {scope.is_new}, {column}, count(*) "
            f"from {scope.relation} where {scope.recent} and {column} is not null group by all"
        )


def _remember_words(con: duckdb.DuckDBPyConnection) -> None:
    """Words of earlier versions that no row has today, as `authorized` between two payments: known all the same."""
    con.execute(
        """
        insert into words
        select distinct source_name, table_name, column_name, false, word, 0
        from live.words anti join words using (source_name, table_name, column_name, word)
        """
    )


def _measure_repeats(con: duckdb.DuckDBPyConnection, scope: _Scope) -> None:
    """Rows that say the same as another one under another key."""
    contents = ", ".join(identifier(column.name) for column in scope.contents)
    if len(scope.contents) < MIN_CONTENTS:
        return
    con.execute(
        f"""
        insert into repeats
        with rows_read as (
            select hash({contents}) as content, {scope.is_new} as is_new from {scope.relation} where {scope.recent}
        ), contents as (
            select content, count(*) as n, count(*) filter (where is_new) as new_rows from rows_read group by all
        )
        select {scope.named}, is_new, n, repeated from (
            select
                true as is_new, sum(new_rows) as n,
                sum(case when n > 1 then least(new_rows, n - 1) else 0 end) as repeated
            from contents
            union all
            select false, sum(n - new_rows), sum(greatest(n - new_rows - 1, 0)) from contents
        ) where n > 0
        """
    )


def _sample_records(con: duckdb.DuckDBPyConnection, scope: _Scope) -> None:
    """Keep the contents of some records as hashes, and read again those that the live version kept."""
    if not scope.key or not scope.contents:
        return
    names = ", ".join(literal(column.name) for column in scope.contents)
    overwritten = ", ".join(str(c.overwritten or bool(c.known_at)).lower() for c in scope.contents)
    values = ", ".join(
        f"case when {identifier(c.name)} is not null then hash({identifier(c.name)}) end"
        for c in scope.contents
    )
    number = _as_number(scope)
    con.execute(
        f"""
        insert into records
        with sampled as (
            select hash({scope.key}) as record, {number} as position, [{values}] as contents
            from {scope.relation} where {scope.recent} order by record limit {SAMPLED_RECORDS}
        )
        select
            {scope.named}, record, position, unnest([{names}]), unnest([{overwritten}]), unnest(contents)
        from sampled
        """
    )
    kept = f"source_name = {literal(scope.source)} and table_name = {literal(scope.table.name)}"
    ((low, high),) = con.execute(
        f"select min(position), max(position) from live.records where {kept}"
    ).fetchall()
    if low is None and not con.execute(f"select 1 from live.records where {kept} limit 1").fetchall():
        return
    within = f" and {_between(scope, low, high)}" if low is not None and scope.start else ""
    con.execute(
        f"""
        insert into reread
        with found as (
            select hash({scope.key}) as record, [{values}] as contents
            from {scope.relation}
            where {scope.own}{within} and hash({scope.key}) in (select record from live.records where {kept})
        )
        select {scope.named}, record, unnest([{names}]), unnest(contents) from found
        """
    )


def _as_number(scope: _Scope) -> str:
    if scope.position is None:
        return "cast(null as double)"
    return f"epoch({scope.position})" if scope.table.happened_at else f"cast({scope.position} as double)"


def _between(scope: _Scope, low: float, high: float) -> str:
    """Where the live version's records can be, a few days wider: a shifted clock must not hide them."""
    if not scope.table.happened_at:
        return f"{scope.position} between {int(low) - 1} and {int(high) + 1}"
    margin = timedelta(days=3)
    first, last = (datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in (low, high))
    return f"{scope.position} between {moment(first - margin)} and {moment(last + margin)}"


def _collect(settings: Settings, build_id: str) -> None:
    """Delete the folders of builds that are not published, but for the last few: somebody may look into a refusal."""
    kept = {build_id, *(version.build_id for version in list_versions(settings))}
    folders = sorted((settings.out / "quality").iterdir(), key=lambda folder: folder.stat().st_mtime)
    for folder in folders[:-KEPT_FOLDERS]:
        if folder.is_dir() and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
