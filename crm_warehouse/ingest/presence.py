"""Landing every declared table of every source, and what it means when something is not there.

Belongs here: required and optional tables and columns. Does not: values.
"""

from collections.abc import Mapping, Sequence

import duckdb

from crm_warehouse.ingest.checked import Checked
from crm_warehouse.ingest.conform import Part, make_part, physical_columns
from crm_warehouse.ingest.declaration import Platform, Table
from crm_warehouse.ingest.discover import RawInput, RawTable, Source, closest
from crm_warehouse.ingest.files import BadFile, Landed, land
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.settings import Settings


def land_sources(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    platforms: Mapping[str, Platform],
    sources: Sequence[Source],
    raw: RawInput,
    problems: Problems,
) -> list[Checked]:
    """Make every physical table that models can use readable, and note what is missing or unreadable."""
    checked: list[Checked] = []
    next_id = 0
    for source in sources:
        tables = raw.schemas[source.schema]
        landed = _land_tables(con, settings, platforms[source.platform], source, tables, problems)
        for table in platforms[source.platform].tables.values():
            parts = []
            for physical in _physical(table, tables):
                if found := landed.get(physical.name):
                    parts.append(make_part(next_id, source, table, found))
                    next_id += 1
            if table.required and not _physical(table, tables):
                hint = closest(table.name, tables) or f"; landed: {', '.join(sorted(tables)) or 'nothing'}"
                problems.add(source.name, f"required table {table.name} is missing{hint}")
            parts = _one_name(con, source, table, parts, problems)
            for part in parts:
                _judge_columns(con, part, problems)
            checked.append(Checked(source, table, parts))
    return checked


def _land_tables(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    platform: Platform,
    source: Source,
    tables: Mapping[str, RawTable],
    problems: Problems,
) -> dict[str, Landed]:
    used = {raw.name: raw for table in platform.tables.values() for raw in _physical(table, tables)}
    landed = {}
    for name, raw in used.items():
        try:
            landed[name] = land(con, settings, raw, physical_columns(platform, name))
        except BadFile as error:
            problems.add(source.name, str(error))
    return landed


def _physical(table: Table, tables: Mapping[str, RawTable]) -> list[RawTable]:
    names = [name.lower() for name in (table.name, *table.aliases)]
    return [tables[name] for name in dict.fromkeys(names) if name in tables]


def _one_name(
    con: duckdb.DuckDBPyConnection, source: Source, table: Table, parts: list[Part], problems: Problems
) -> list[Part]:
    """Of several physical tables for one declared, those with rows; more than one only where they are merged."""
    if len(parts) < 2 or table.merge_aliases:
        return parts
    filled = [part for part in parts if _has_rows(con, part)]
    if len(filled) > 1:
        names = ", ".join(part.landed.raw.name for part in filled)
        problems.add(
            source.name, f"table {table.name} landed under several names with rows: {names}; keep one"
        )
    return filled or parts[:1]


def _judge_columns(con: duckdb.DuckDBPyConnection, part: Part, problems: Problems) -> None:
    if part.landed.raw.format == "jsonl" and not _has_rows(con, part):
        return  # names are in the lines, and there are none
    there = [name for name, _ in part.landed.columns]
    for column in part.table.columns:
        if column.required and not part.casts[column.name]:
            names = ", ".join(dict.fromkeys(candidate.column for candidate in column.candidates[1:]))
            also = f" (also looked for: {names})" if names else ""
            hint = closest(column.name, there)
            problems.add(
                part.source.name, f"table {part.label}: required column {column.name} is missing{also}{hint}"
            )
    for group in part.table.require_one_of:
        if not any(part.casts[name] for name in group):
            problems.add(part.source.name, f"table {part.label}: needs one of the columns {', '.join(group)}")


def _has_rows(con: duckdb.DuckDBPyConnection, part: Part) -> bool:
    return con.execute(f"select 1 from {part.landed.relation} limit 1").fetchall() != []
