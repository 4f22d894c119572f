"""What ingest writes into the private warehouse, all of it in one transaction.

Belongs here: DDL and rows of the `pipeline`, `published_state` and `conformed_*` schemas. Does not: deciding
what goes in.
"""

import importlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.checked import ERASED, EXCLUDED, Checked
from crm_warehouse.ingest.conform import ERASED_ROWS, EXCLUDED_ROWS, Part, empty_select, select
from crm_warehouse.ingest.declaration import CONFORMED_PREFIX, Column, Platform
from crm_warehouse.ingest.report import IngestReport, TableReport
from crm_warehouse.ingest.rules import QUARANTINE_RULES
from crm_warehouse.ingest.sql import duckdb_type, identifier, literal
from crm_warehouse.publish.layout import MARTS_FILE, versions_dir
from crm_warehouse.publish.versions import versions_last_seen
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

_SEEN = "seen_version_"
_DDL = """
create schema if not exists pipeline;
drop schema if exists failures cascade;
create or replace table pipeline.run_context (
    build_id varchar, as_of_at timestamp, as_of_date date, is_backdated boolean, reporting_currency_code varchar,
    live_version varchar, started_at timestamp
);
create or replace table pipeline.ingest_files (
    build_id varchar, source_name varchar, platform varchar, table_name varchar, physical_name varchar,
    path varchar, size_bytes bigint, mtime_ns bigint, read_path varchar
);
create or replace table pipeline.quarantine (
    build_id varchar, source_name varchar, platform varchar, table_name varchar, rule varchar, record_id varchar,
    detail varchar
);
create or replace table pipeline.removed_rows (
    build_id varchar, source_name varchar, platform varchar, table_name varchar, rule varchar, row_count bigint
);
create table if not exists pipeline.source_report (
    build_id varchar, started_at timestamp, source_name varchar, platform varchar, table_name varchar, status varchar,
    raw_row_count bigint, row_count bigint, deleted_count bigint, duplicate_count bigint, quarantined_count bigint,
    later_count bigint, newest_at timestamp, note varchar
);
"""


def write_conformed(
    con: duckdb.DuckDBPyConnection,
    platforms: Mapping[str, Platform],
    checked: Iterable[Checked],
    as_of_at: datetime,
    *,
    is_backdated: bool,
) -> None:
    """(Re)create the views of every declared table, empty where nothing landed."""
    con.execute("create schema if not exists pipeline")
    con.execute(
        f"create or replace table {EXCLUDED_ROWS} as select part_id, file_index, file_row_number from {EXCLUDED}"
    )
    con.execute(f"create or replace table {ERASED_ROWS} as select * from {ERASED}")
    selects: dict[tuple[str, str], list[str]] = {}
    for entry in checked:
        selects.setdefault((entry.table.platform, entry.table.name), []).extend(
            select(part, entry.facts[part.part_id], as_of_at, is_backdated=is_backdated)
            for part in entry.parts
        )
    _drop_conformed(con)
    for platform in platforms.values():
        schema = identifier(f"{CONFORMED_PREFIX}{platform.name}")
        con.execute(f"create schema {schema}")
        for table in platform.tables.values():
            body = "\nunion all\n".join(selects.get((platform.name, table.name)) or [empty_select(table)])
            con.execute(f"create view {schema}.{identifier(table.name)} as\n{body}")


def _drop_conformed(con: duckdb.DuckDBPyConnection) -> None:
    """Also the schemas of platforms that are no longer declared."""
    rows = con.execute(
        "select schema_name from duckdb_schemas() "
        "where database_name = current_database() and starts_with(schema_name, ?)",
        [CONFORMED_PREFIX],
    ).fetchall()
    for (schema,) in rows:
        con.execute(f"drop schema {identifier(schema)} cascade")


def count_rows(con: duckdb.DuckDBPyConnection, checked: Checked, as_of_at: datetime) -> int:
    """Rows of one source in its conformed relation; only counted where something was taken out."""
    count = 0
    for part in checked.parts:
        facts = checked.facts[part.part_id]
        is_plain = not facts.count("deleted") and not facts.has_exclusions
        if is_plain and (facts.newest_at is None or facts.newest_at <= as_of_at):
            count += facts.count("rows")
        else:
            rows = con.execute(
                f"select count(*) from ({select(part, facts, as_of_at, is_backdated=False)})"
            ).fetchall()
            count += int(rows[0][0])
    return count


def write_pipeline(
    con: duckdb.DuckDBPyConnection, report: IngestReport, started_at: datetime, checked: Sequence[Checked]
) -> None:
    """Write the run's context, its pinned files, its quarantine and its report."""
    con.execute(_DDL)
    con.execute(
        "insert into pipeline.run_context values (?, ?, ?, ?, ?, ?, ?)",
        [
            report.build_id,
            report.as_of_at,
            report.as_of_date,
            report.is_backdated,
            report.reporting_currency_code,
            report.live_version,
            started_at,
        ],
    )
    con.execute("delete from pipeline.source_report where build_id = ?", [report.build_id])
    for table in report.tables:
        _insert_report(con, report.build_id, started_at, table)
    for entry in checked:
        for rule, count in entry.removed.items():
            con.execute(
                "insert into pipeline.removed_rows values (?, ?, ?, ?, ?, ?)",
                [report.build_id, entry.source.name, entry.table.platform, entry.table.name, rule, count],
            )
        for part in entry.parts:
            _insert_files(con, report.build_id, part)
            _insert_quarantine(con, report.build_id, part)
    _create_step_tables(con)


def copy_published_state(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Column]], seen: Mapping[str, str]
) -> None:
    """Copy the declared columns of published state tables; typed and empty before a first publication.

    A table declared with a column `version` holds the rows of every version in `seen`, others only the live one's.

    Args:
        con: Connection to the warehouse.
        tables: Declared columns per table.
        seen: Attached database by version, the live one first (`attach_published`).
    """
    con.execute("create schema if not exists published_state")
    for name, columns in tables.items():
        per_version = any(column.name == "version" for column in columns)
        databases = dict(seen if per_version else list(seen.items())[:1])
        selects = [_state_select(con, name, columns, *origin) for origin in databases.items()]
        body = " union all ".join(selects) or f"{_values(columns, set(), None)} where false"
        con.execute(f"create or replace table published_state.{identifier(name)} as {body}")


def _state_select(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column], version: str, database: str
) -> str:
    if table == "versions":  # the list of versions itself
        return _values(columns, set(), version)
    present = _columns_of(con, database, table)
    origin = f" from {database}.main.{identifier(table)}" if present else " where false"
    return _values(columns, present, version) + origin


def _values(columns: Sequence[Column], present: set[str], version: str | None) -> str:
    def value(column: Column) -> str:
        if column.name == "version" and version:
            return literal(version)
        return identifier(column.name) if column.name in present else "null"

    listed = (f"cast({value(c)} as {duckdb_type(c.data_type)}) as {identifier(c.name)}" for c in columns)
    return f"select {', '.join(listed)}"


def attach_published(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, str]:
    """Attach the file readers see now and, after a rollback, those that they may have seen before it.

    Under their real paths, so that a publication meanwhile cannot mix versions.

    Returns:
        Name of the attached database by version, the live one first; empty before the first publication.

    Raises:
        WarehouseError: There is a published file but it cannot be read.
    """
    attached: dict[str, str] = {}
    for number, version in enumerate(versions_last_seen(settings)):
        path = versions_dir(settings) / version / MARTS_FILE
        try:
            con.execute(f"attach {literal(str(path))} as {_SEEN}{number} (read_only)")
        except duckdb.Error as error:
            if number:  # taken back, perhaps because it is damaged
                logger.warning("version %s cannot be read: no changes are computed against it", version)
                continue
            raise WarehouseError(
                f"The published file {path} cannot be read, so changes since the last publication are unknown. "
                "Roll back to a good version and run again."
            ) from error
        attached[version] = f"{_SEEN}{number}"
    return attached


def _columns_of(con: duckdb.DuckDBPyConnection, database: str, table: str) -> set[str]:
    rows = con.execute(
        "select column_name from duckdb_columns() where database_name = ? and schema_name = 'main' and table_name = ?",
        [database, table],
    ).fetchall()
    return {row[0] for row in rows}


def _insert_report(
    con: duckdb.DuckDBPyConnection, build_id: str, started_at: datetime, table: TableReport
) -> None:
    values = [build_id, started_at, *astuple(table)]
    con.execute(f"insert into pipeline.source_report values ({', '.join('?' * len(values))})", values)


def _insert_files(con: duckdb.DuckDBPyConnection, build_id: str, part: Part) -> None:
    landed = part.landed
    for index, file in enumerate(landed.raw.files):
        read = landed.files[0] if landed.is_copy else landed.files[index]
        con.execute(
            "insert into pipeline.ingest_files values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                build_id,
                part.source.name,
                part.source.platform,
                part.table.name,
                landed.raw.name,
                str(file.path),
                file.size,
                file.mtime_ns,
                str(read),
            ],
        )


def _insert_quarantine(con: duckdb.DuckDBPyConnection, build_id: str, part: Part) -> None:
    rules = ", ".join(literal(rule) for rule in QUARANTINE_RULES)
    con.execute(
        f"insert into pipeline.quarantine select ?, ?, ?, ?, rule, record_id, detail from {EXCLUDED} "
        f"where part_id = ? and rule in ({rules}) order by file_index, file_row_number",
        [build_id, part.source.name, part.source.platform, part.table.name, part.part_id],
    )


def _create_step_tables(con: duckdb.DuckDBPyConnection) -> None:
    """What the steps between the two halves of a build write must exist before plain dbt reads it."""
    importlib.import_module("crm_warehouse.clv.store").create_fits_table(con)
    importlib.import_module("crm_warehouse.sentiment.step").create_sentiments_table(con)
