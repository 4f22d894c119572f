"""The search for a person's values: every column of every table, and the bytes of every file.

Belongs here: where values are looked for and how hits are named. Does not: whose values (erase.py).

Both are needed: DuckDB and Parquet compress text, so bytes alone miss it; and free blocks, logs and half-written files
are no tables. Nothing found is ever quoted.
"""

import mmap
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.publish.files import disk_errors
from crm_warehouse.settings import Settings

SHORTEST_SOUGHT = 6
"""Shorter values occur everywhere by chance."""

_DUCKDB_MAGIC = (8, b"DUCK")


@dataclass(frozen=True)
class Finding:
    """A place that holds one of the values."""

    path: str
    place: str
    count: int

    def __str__(self) -> str:
        return f"{self.path}, {self.place} ({self.count})"


@dataclass
class SearchResult:
    """What was searched and what was found.

    Attributes:
        findings: Places that hold a value.
        files: Files whose bytes were searched.
        columns: Text columns that were searched.
        raw_files: Files of the loader below the output folder, which are not ours to change, with hits or not.
    """

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    columns: int = 0
    raw_files: int = 0

    def coverage(self) -> dict[str, int]:
        """The figures of a receipt."""
        return {
            "files_searched": self.files,
            "columns_searched": self.columns,
            "raw_files_left": self.raw_files,
        }


def search(settings: Settings, values: Iterable[str]) -> SearchResult:
    """Look for the values in everything below the output folder.

    Raw files belong to the loader: they are counted, not searched. The private folder holds the request itself.
    """
    sought = sorted({form for value in values for form in _forms(value)})
    result = SearchResult()
    if not sought:
        return result
    with (
        disk_errors("search the output folder"),
        duckdb.connect(":memory:", config={"memory_limit": settings.memory_limit}) as con,
    ):
        for path in _files(settings.out):
            if path.is_relative_to(settings.raw):
                result.raw_files += 1
                continue
            name = path.relative_to(settings.out).as_posix()
            result.files += 1
            for place, count in [*_in_bytes(path, sought), *_in_columns(con, path, sought, result)]:
                result.findings.append(Finding(name, place, count))
    return result


def _forms(value: str) -> Iterator[str]:
    """A value as it may be written: as it is and in lower case."""
    value = value.strip()
    if len(value) >= SHORTEST_SOUGHT:
        yield value
        yield value.lower()


def _files(out: Path) -> Iterator[Path]:
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.is_relative_to(out / "private"):
            yield path


def _in_bytes(path: Path, sought: list[str]) -> Iterator[tuple[str, int]]:
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        hits = sum(1 for value in sought if content.find(value.encode()) >= 0)
    if hits:
        yield "its bytes", hits


def _in_columns(
    con: duckdb.DuckDBPyConnection, path: Path, sought: list[str], result: SearchResult
) -> Iterator[tuple[str, int]]:
    with _relations(con, path) as relations:
        for relation in relations:
            columns = _text_columns(con, relation)
            result.columns += len(columns)
            for column, count in _count(con, relation, columns, sought):
                yield f"{relation.split('.', 1)[-1]}, column {column}", count


@contextmanager
def _relations(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[list[str]]:
    """Every table of a DuckDB or Parquet file, and every conformed view, for this block; none of another file."""
    if path.suffix == ".parquet":
        yield [f"read_parquet({literal(str(path))})"]
        return
    start, magic = _DUCKDB_MAGIC
    with path.open("rb") as file:
        file.seek(start)
        if file.read(len(magic)) != magic:
            yield []
            return
    # Views name their database, and dbt names it after the file.
    con.execute(f"attach {literal(str(path))} as {identifier(path.stem)} (read_only)")
    con.execute(f"use {identifier(path.stem)}")
    names = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() "
        "union all select schema_name, view_name from duckdb_views() where database_name = current_database() "
        "and starts_with(schema_name, 'conformed_') order by all"
    ).fetchall()
    yield [f"{identifier(path.stem)}.{identifier(schema)}.{identifier(table)}" for schema, table in names]
    con.execute("use memory")
    con.execute(f"detach {identifier(path.stem)}")


def _text_columns(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    described = con.execute(f"describe select * from {relation}").fetchall()
    numeric = re.compile(r"(TINYINT|SMALLINT|INTEGER|BOOLEAN|DATE|TIMESTAMP|DECIMAL|DOUBLE|FLOAT)")
    return [name for name, kind, *_ in described if not numeric.match(kind)]


def _count(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[str], sought: list[str]
) -> Iterator[tuple[str, int]]:
    """Rows per column that contain a value; a number has to be one."""
    if not columns:
        return
    pattern = "|".join(_literal_pattern(value) for value in sought)
    counts = ", ".join(
        f"count(*) filter (where regexp_matches(cast({identifier(c)} as varchar), $1))" for c in columns
    )
    found = con.execute(f"select {counts} from {relation}", [pattern]).fetchall()[0]
    yield from ((column, count) for column, count in zip(columns, found, strict=True) if count)


def _literal_pattern(value: str) -> str:
    escaped = re.sub(r"([^\w\s@])", r"\\\1", value)
    return rf"\b{escaped}\b" if value.isdigit() else escaped
