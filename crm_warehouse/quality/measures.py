"""What arrived, in figures: one small DuckDB file per build, measured from the conformed relations.

Belongs here: the file, and how many rows came when. Does not: what the rows hold (contents.py), or judging the figures
(suites/arrival/).

The file lies in the private `OUT/quality/<build_id>/`. A build compares itself with the file of the build that is
live, so a refused build never becomes the new normal, and a rollback brings the old normal back. Everything is
counted by DuckDB; a fact table is read once, and of most columns only the last weeks.
"""

import math
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from crm_warehouse.ingest.declaration import Table, load_platforms
from crm_warehouse.ingest.sql import identifier, literal, moment
from crm_warehouse.publish.versions import list_versions, live_version
from crm_warehouse.quality.contents import measure_contents, remember_words
from crm_warehouse.quality.scope import Scope, relation
from crm_warehouse.settings import Settings

MEASURES_FILE = "arrival.duckdb"
ARRIVAL_FILE = "arrival.json"
"""The verdict on the measures, beside them."""
SQL_DIR = Path(__file__).parent / "sql"
# Eight weeks of the same weekday, and as much of a longer pause as was missed.
RECENT_WEEKS = 8
# Below this size a table is profiled whole; above it, only its newest part.
SMALL_ROWS = 100_000
NEWEST_SHARE = 0.05
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
            measure_contents(con, scope, platforms[platform])
    remember_words(con)


def _start(as_of_at: datetime, until: datetime) -> datetime:
    """Eight weeks before what is new; before a long pause, eight times its whole weeks."""
    weeks = max(1, math.ceil((as_of_at - until) / timedelta(weeks=1)))
    return until - RECENT_WEEKS * timedelta(weeks=weeks)


def _scope(
    con: duckdb.DuckDBPyConnection, source: str, table: Table, rows: int, times: tuple[datetime, datetime]
) -> Scope:
    if table.happened_at:
        first, until = map(moment, times)
        return Scope(source, table, rows, _time(con, source, table), until, first)
    key = table.primary_key[0] if table.primary_key else None
    if key is None or table.column(key).data_type != "bigint":
        return Scope(source, table, rows, None, None, None)
    known = con.execute(
        "select last_position from live.tables where source_name = ? and table_name = ?", [source, table.name]
    ).fetchall()
    scope = Scope(source, table, rows, identifier(key), None, None)
    low, high = con.execute(
        f"select min({scope.position}), max({scope.position}) from {scope.relation} where {scope.own}"
    ).fetchall()[0]
    start = None if rows <= SMALL_ROWS else str(int(high - (high - low) * NEWEST_SHARE))
    since = str(int(known[0][0])) if known and known[0][0] is not None else None
    return Scope(source, table, rows, scope.position, since, start)


def _time(con: duckdb.DuckDBPyConnection, source: str, table: Table) -> str:
    """The moment of a row; a bare column where it has no nulls, so that DuckDB skips what is older."""
    first, *others = map(identifier, table.happened_at)
    if others:
        ((nulls,),) = con.execute(
            f"select count(*) from {relation(table)} where source_name = {literal(source)} and {first} is null"
        ).fetchall()
        if nulls:
            return f"coalesce({', '.join([first, *others])})"
    return first


def _measure_table(con: duckdb.DuckDBPyConnection, scope: Scope, as_of_at: datetime) -> None:
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


def _collect(settings: Settings, build_id: str) -> None:
    """Delete the folders of builds that are not published, but for the last few: somebody may look into a refusal."""
    kept = {build_id, *(version.build_id for version in list_versions(settings))}
    folders = sorted((settings.out / "quality").iterdir(), key=lambda folder: folder.stat().st_mtime)
    for folder in folders[:-KEPT_FOLDERS]:
        if folder.is_dir() and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)
