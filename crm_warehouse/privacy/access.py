"""Everything known about one person, for an access request.

Belongs here: collecting it from the published marts and, for what they leave out, from the conformed tables. Does not:
finding the person (erase.py asks the same question).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import CONFORMED_PREFIX, Column, Table, load_platforms
from crm_warehouse.ingest.erased import normalized_email
from crm_warehouse.privacy.versions import CUSTOMER_KEY
from crm_warehouse.settings import Settings


def export_person(
    settings: Settings, target: Path, *, email: str | None = None, customer_keys: list[str] | None = None
) -> dict[str, int]:
    """Write everything about a person as JSON into a new file that only its owner can read.

    Returns:
        Rows per relation.

    Raises:
        WarehouseError: nobody is known by that address or key, the file exists, or it is inside the output folder,
            where the next proof of an erasure would find it.
    """
    if target.resolve().is_relative_to(settings.out.resolve()):
        raise WarehouseError(f"{target} is inside the warehouse's own folder. Choose another place.")
    marts = settings.published_dir / "marts.duckdb"
    if not marts.exists():
        raise WarehouseError("Nothing is published yet. Build first.")
    with duckdb.connect(str(marts.resolve()), read_only=True) as con:
        keys = _keys(con, email, customer_keys or [])
        document: dict[str, Any] = {"customer_keys": keys, "published": dict(_published(con, keys))}
        records = con.execute(
            "select source_name, platform, record_type, record_id from customer_identifiers "
            "where list_contains($1, customer_key)",
            [keys],
        ).fetchall()
    document["sources"] = dict(_sources(settings, records))
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise WarehouseError(f"{target} exists already. Choose another name.") from None
    target.write_text(json.dumps(document, indent=2, default=str, ensure_ascii=False) + "\n")
    return {name: len(rows) for part in ("published", "sources") for name, rows in document[part].items()}


def _keys(con: duckdb.DuckDBPyConnection, email: str | None, customer_keys: list[str]) -> list[str]:
    rows = con.execute(
        "select distinct customer_key from customer_identifiers where list_contains($keys, customer_key) "
        f"or email_normalized = {normalized_email('$email')} order by 1",
        {"keys": customer_keys, "email": email or ""},
    ).fetchall()
    if not rows:
        raise WarehouseError("Nobody in the live version is known by that.")
    return [row[0] for row in rows]


def _published(con: duckdb.DuckDBPyConnection, keys: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    names = con.execute(
        "select distinct table_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'main' and column_name = $1 order by 1",
        [CUSTOMER_KEY],
    ).fetchall()
    for (name,) in names:
        if rows := _rows(con, f'select * from "{name}" where list_contains($1, {CUSTOMER_KEY})', [keys]):
            yield name, rows


def _sources(
    settings: Settings, records: list[tuple[Any, ...]]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows of the raw tables that are about the person, as conformed by the last build."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        con.execute(
            "create temp table ids (source_name varchar, platform varchar, table_name varchar, id varchar)"
        )
        for platform in load_platforms().values():
            for table in platform.tables.values():
                own = [
                    (r[0], r[1], table.name, r[3])
                    for r in records
                    if r[1:3] == (platform.name, table.record_type)
                ]
                if own:
                    con.executemany("insert into ids values (?, ?, ?, ?)", own)
            for table in _people_first(platform.tables):
                if rows := _about(con, table):
                    yield f"{platform.name}.{table.name}", rows


def _about(con: duckdb.DuckDBPyConnection, table: Table) -> list[dict[str, Any]]:
    pointers = [column for column in table.columns if column.person or column.record]
    if not pointers:
        return []
    relation = f'"{CONFORMED_PREFIX}{table.platform}"."{table.name}"'
    condition = " or ".join(_points_to_person(table, column) for column in pointers)
    if len(table.primary_key) == 1:
        con.execute(
            f"insert into ids select t.source_name, '{table.platform}', '{table.name}', "
            f'cast(t."{table.primary_key[0]}" as varchar) from {relation} as t where {condition}'
        )
    return _rows(con, f"select t.* from {relation} as t where {condition}", [])


def _points_to_person(table: Table, column: Column) -> str:
    return (
        f"exists (select 1 from ids where ids.source_name = t.source_name and ids.platform = '{table.platform}' "
        f"and ids.table_name = '{column.person or table.name}' and ids.id = cast(t.\"{column.name}\" as varchar))"
    )


def _people_first(tables: Any) -> list[Table]:
    ordered: dict[str, Table] = {}

    def visit(table: Table) -> None:
        for column in table.columns:
            if column.person and column.person not in ordered and column.person != table.name:
                visit(tables[column.person])
        ordered.setdefault(table.name, table)

    for table in tables.values():
        visit(table)
    return list(ordered.values())


def _rows(con: duckdb.DuckDBPyConnection, query: str, parameters: list[Any]) -> list[dict[str, Any]]:
    result = con.execute(query, parameters)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
