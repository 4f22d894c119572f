"""Row-by-row comparison of two published files."""

from collections.abc import Collection
from pathlib import Path

import duckdb

PER_BUILD_TABLES = {"warehouse_version", "published_versions", "schema_changes", "segment_changes"}
"""Tables that describe the build or its predecessor, not the shop."""


def differences(
    left: Path,
    right: Path,
    *,
    tables: Collection[str] | None = None,
    ignore: Collection[tuple[str, str]] = (),
) -> dict[str, str]:
    """Per table that differs: how many rows each side has alone, and the columns in which they differ.

    Args:
        left: One published file.
        right: The other.
        tables: Compare only these; default all that describe the shop.
        ignore: (table, column) pairs that may differ.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as l (read_only); attach '{right}' as r (read_only)")
        columns = _columns(connection, "l")
        assert columns == _columns(connection, "r")
        found = {}
        for table, names in columns.items():
            if table in PER_BUILD_TABLES or (tables and table not in tables):
                continue
            kept = [f'"{name}"' for name in names if (table, name) not in ignore]
            if note := _difference(connection, table, kept):
                found[table] = note
        return found


def _columns(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    rows = connection.execute(
        "select table_name, column_name from duckdb_columns() where database_name = ? order by 1, column_index",
        [database],
    ).fetchall()
    tables: dict[str, list[str]] = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


def _difference(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> str:
    listed = ", ".join(columns)
    only = {}
    for side, other in (("l", "r"), ("r", "l")):
        rows = f"select {listed} from {side}.{table} except all select {listed} from {other}.{table}"
        only[side] = connection.execute(f"select count(*) from ({rows})").fetchall()[0][0]
    if not any(only.values()):
        return ""
    culprits = [column for column in columns if _column_differs(connection, table, column)]
    return f"{only['l']} rows only left, {only['r']} only right; columns with other values: {', '.join(culprits)}"


def _column_differs(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether the multisets of one column's values differ; enough to point at the culprit."""
    return bool(
        connection.execute(
            f"select exists (select {column} from l.{table} except all select {column} from r.{table})"
            f" or exists (select {column} from r.{table} except all select {column} from l.{table})"
        ).fetchall()[0][0]
    )
