"""The public record of versions: tables inside each published file, and two small files beside them.

Belongs here: what readers can ask about versions and how schemas changed. Does not: switching or deleting versions.

    published_versions          table in every file; published/published_versions.parquet, always up to date
    schema_changes              table in every file
    published/latest.json       the live version and its folder, for readers that cannot follow one file
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.access import open_to_readers
from crm_warehouse.ingest.sql import literal
from crm_warehouse.publish.files import fsync, write_json
from crm_warehouse.publish.layout import MARTS_FILE, PARQUET_DIR, versions_dir
from crm_warehouse.publish.versions import (
    LiveSpan,
    live_version,
    published_spans,
    versions_last_seen,
)
from crm_warehouse.settings import Settings

LATEST_FILE = "latest.json"
VERSIONS_FILE = "published_versions.parquet"

_VERSION_COLUMNS = {
    "version": ("varchar", "Name of the version; sorts by time."),
    "as_of_at": ("timestamp", "Everything known up to this moment counted (UTC, inclusive)."),
    "as_of_date": ("date", "The same as a day of the reporting time zone."),
    "build_id": ("varchar", "Build that made it."),
    "created_at": ("timestamp", "When its marts were copied (UTC)."),
    "git_revision": (
        "varchar",
        "Commit of the project that built it, marked -dirty when files differed from it.",
    ),
    "project_version": ("varchar", "Version of the project."),
    "published_at": (
        "timestamp",
        "When readers first saw it (UTC); null in its own file, which was sealed before.",
    ),
    "replaced_at": ("timestamp", "When it last stopped being live (UTC); null while it is live."),
    "is_compared": (
        "boolean",
        "segment_changes of this file brings whoever last saw that version up to date, wherever they were after it.",
    ),
}
_CHANGE_COLUMNS = {
    "version": ("varchar", "Version that changed."),
    "compared_version": ("varchar", "Version live before it."),
    "table_name": ("varchar", "Table."),
    "column_name": ("varchar", "Column; null where a whole table came or went."),
    "change_type": ("varchar", "table_added, table_removed, column_added, column_removed or type_changed."),
    "type_before": ("varchar", "Type of the column before; null for one that was added."),
    "type_after": ("varchar", "Type of the column now; null for one that was removed."),
}


def add_version_tables(
    settings: Settings, marts: Path, facts: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Write `published_versions` and `schema_changes` into a candidate's file.

    Args:
        settings: The warehouse whose live version is the candidate's base.
        marts: The file; nobody has it open.
        facts: The candidate's own row.
        tables: Its tables, as `candidate.json` lists them.

    Returns:
        What changed in the schema since the live version.
    """
    live = live_version(settings)
    compared = set(versions_last_seen(settings))
    rows = [_row(span, span.version in compared) for span in published_spans(settings)]
    own = {**facts, "published_at": None, "replaced_at": None, "is_compared": False}
    changes = list(_changes(live.manifest["tables"], tables)) if live else []
    origin = {"version": facts["version"], "compared_version": live.version if live else None}
    changes = [origin | change for change in changes]
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(marts))} as candidate")
        _create(
            con, "published_versions", "One row per version ever published, up to this one.", _VERSION_COLUMNS
        )
        _insert(con, "published_versions", _VERSION_COLUMNS, [*rows, own])
        _create(
            con,
            "schema_changes",
            "One row per change of a published table between versions.",
            _CHANGE_COLUMNS,
        )
        if live:
            _inherit_changes(con, live.marts_path)
        _insert(con, "schema_changes", _CHANGE_COLUMNS, changes)
    return changes


def write_record(settings: Settings) -> None:
    """Bring the files beside the versions up to date with what is live."""
    live = live_version(settings)
    if live is None:
        return
    compared = set(versions_last_seen(settings))
    path = settings.published_dir / VERSIONS_FILE
    partial = path.with_name(f".{VERSIONS_FILE}.partial")
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as candidate")
        _create(con, "published_versions", "", _VERSION_COLUMNS)
        rows = [_row(span, span.version in compared) for span in published_spans(settings)]
        _insert(con, "published_versions", _VERSION_COLUMNS, rows)
        con.execute(
            "copy (from candidate.main.published_versions order by version) "
            f"to {literal(str(partial))} (format parquet)"
        )
    open_to_readers(partial)
    fsync(partial)
    partial.replace(path)
    folder = live.folder.relative_to(settings.published_dir)
    has_parquet = (live.folder / PARQUET_DIR).is_dir()
    latest = settings.published_dir / LATEST_FILE
    write_json(
        latest,
        {
            "version": live.version,
            "as_of_date": live.as_of_date,
            "duckdb": str(folder / MARTS_FILE),
            "parquet": str(folder / PARQUET_DIR) if has_parquet else None,
        },
    )
    open_to_readers(latest)
    for shared in (settings.published_dir, versions_dir(settings)):
        open_to_readers(shared)


def _row(span: LiveSpan, is_compared: bool) -> dict[str, Any]:
    return {
        **span.facts,
        "version": span.version,
        "published_at": span.published_at,
        "replaced_at": span.replaced_at,
        "is_compared": is_compared,
    }


def _changes(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    for table in sorted({*before, *after}):
        if table not in before or table not in after:
            yield _change(table, None, "table_added" if table in after else "table_removed")
            continue
        old, new = _types(before[table]), _types(after[table])
        for column in sorted({*old, *new}):
            if column not in old:
                yield _change(table, column, "column_added", None, new[column])
            elif column not in new:
                yield _change(table, column, "column_removed", old[column], None)
            elif old[column] != new[column]:
                yield _change(table, column, "type_changed", old[column], new[column])


def _change(
    table: str, column: str | None, change: str, before: str | None = None, after: str | None = None
) -> dict[str, Any]:
    return {
        "table_name": table,
        "column_name": column,
        "change_type": change,
        "type_before": before,
        "type_after": after,
    }


def _types(table: Mapping[str, Any]) -> dict[str, str]:
    return {column["name"]: column["type"] for column in table["columns"]}


def _create(
    con: duckdb.DuckDBPyConnection, name: str, description: str, columns: Mapping[str, tuple[str, str]]
) -> None:
    listed = ", ".join(f"{column} {kind}" for column, (kind, _) in columns.items())
    con.execute(f"create table candidate.main.{name} ({listed})")
    con.execute(f"comment on table candidate.main.{name} is {literal(description)}")
    for column, (_, text) in columns.items():
        con.execute(f"comment on column candidate.main.{name}.{column} is {literal(text)}")


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any], rows: list[dict[str, Any]]
) -> None:
    marks = ", ".join("?" * len(columns))
    statement = f"insert into candidate.main.{table} values ({marks})"  # noqa: S608 - our own names
    for row in rows:
        con.execute(statement, [row.get(column) for column in columns])


def _inherit_changes(con: duckdb.DuckDBPyConnection, live: Path) -> None:
    """What had changed up to the live version; a file made before this table existed has none."""
    con.execute(f"attach {literal(str(live))} as base (read_only)")
    exists = con.execute(
        "select 1 from duckdb_tables() where database_name = 'base' and table_name = 'schema_changes'"
    ).fetchall()
    if exists:
        con.execute("insert into candidate.main.schema_changes by name from base.main.schema_changes")
    con.execute("detach base")
