"""Bringing raw tables to Parquet: read in place where they are, copied once where they cannot be pinned.

Belongs here: formats, copies under `OUT/ingest` and what a broken file looks like. Does not: types or rules; text
formats arrive as text.
"""

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from crm_warehouse.failures import without_values
from crm_warehouse.ingest.discover import RAW_DATABASE, RawTable, attach_raw
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.privacy import vault
from crm_warehouse.settings import Settings

_PARQUET_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12
_DELIMITERS = ",;\t|"
# Part of the name of every copy: raise it when a copy's content would differ for the same input.
_COPY_VERSION = 2
# A folder `created_at=2024-05-01` would otherwise replace the column in the files below it.
_NO_FOLDER_COLUMNS = "hive_partitioning = false"


class BadFile(Exception):
    """A file that cannot be read; the message is complete but for the source's name."""


@dataclass(frozen=True)
class Landed:
    """A raw table as Parquet: the relation to read and its physical columns (name and DuckDB type)."""

    raw: RawTable
    files: tuple[Path, ...]
    columns: tuple[tuple[str, str], ...]
    is_copy: bool
    never_null: frozenset[str]

    @property
    def relation(self) -> str:
        """The table function call over the explicit file list."""
        return parquet_relation(self.files)


def parquet_relation(files: Iterable[Path]) -> str:
    """`read_parquet` over exactly these files, in this order, columns matched by name."""
    paths = [literal(str(file)) for file in files]
    by_name = ", union_by_name = true" if len(paths) > 1 else ""
    return f"read_parquet([{', '.join(paths)}], binary_as_string = true, {_NO_FOLDER_COLUMNS}{by_name})"


def land(con: duckdb.DuckDBPyConnection, settings: Settings, raw: RawTable, wanted: frozenset[str]) -> Landed:
    """Make one raw table readable as Parquet.

    Args:
        con: Connection to work on.
        settings: Says where copies go.
        raw: The table as it landed.
        wanted: Lower-case names of the columns that models can use; a copy leaves everything else behind.

    Raises:
        BadFile: A file is truncated, lacks its header, or has a broken row.
    """
    if raw.format == "parquet":
        for file in raw.files:
            _check_parquet(file.path)
        files = tuple(file.path for file in raw.files)
    else:
        files = (_copied(con, settings, raw, wanted),)
    columns = _describe(con, parquet_relation(files), raw)
    _check_folders(raw, wanted - {name.lower() for name, _ in columns})
    return Landed(raw, files, columns, raw.format != "parquet", _never_null(con, files))


def remove_stale_copies(settings: Settings, kept: set[Path]) -> None:
    """Delete copies that no view reads any more, and leftovers of killed runs."""
    if settings.ingest_dir.is_dir():
        for path in settings.ingest_dir.iterdir():
            if path.is_file() and path not in kept:
                path.unlink()


def _copied(
    con: duckdb.DuckDBPyConnection, settings: Settings, raw: RawTable, wanted: frozenset[str]
) -> Path:
    """The Parquet copy of a raw table, made now or by an earlier run from the same files."""
    state = (
        _COPY_VERSION,
        raw.schema,
        raw.name,
        [(str(f.path), f.size, f.mtime_ns) for f in raw.files],
        sorted(wanted),
    )
    fingerprint = hashlib.sha256(repr(state).encode()).hexdigest()[:16]
    name = re.sub(r"\W", "_", f"{raw.schema}.{raw.name}")
    target = settings.ingest_dir / f"{name}.{fingerprint}.parquet"
    for copy in (without_erased(settings, target), target):
        if copy.exists():
            return copy
    settings.ingest_dir.mkdir(parents=True, exist_ok=True)
    # A killed run leaves only this name behind, which nothing reads.
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    if raw.format == "duckdb":
        attach_raw(con, raw.files[0].path)
    try:
        relation = _RELATIONS[raw.format](con, raw)
        query = f"select {_wanted_columns(con, relation, wanted)} from {relation}"
        con.execute(f"copy ({query}) to {literal(str(temporary))} (format parquet, compression zstd)")
    except duckdb.Error as error:
        temporary.unlink(missing_ok=True)
        raise _bad_file(raw, error) from error
    finally:
        if raw.format == "duckdb":
            con.execute(f"detach {RAW_DATABASE}")
    _sync(temporary)
    temporary.replace(target)
    return target


def without_erased(settings: Settings, copy: Path) -> Path:
    """Where the same copy is without the people erased so far."""
    epoch = vault.epoch(settings)
    return copy.with_suffix(f".{epoch}.parquet") if epoch else copy


def rewritten(con: duckdb.DuckDBPyConnection, landed: Landed, query: str, target: Path) -> Landed:
    """The same table from the result of `query`, written to `target`."""
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    con.execute(f"copy ({query}) to {literal(str(temporary))} (format parquet, compression zstd)")
    _sync(temporary)
    temporary.replace(target)
    columns = _describe(con, parquet_relation([target]), landed.raw)
    return replace(landed, files=(target,), columns=columns, never_null=_never_null(con, [target]))


def _wanted_columns(con: duckdb.DuckDBPyConnection, relation: str, wanted: frozenset[str]) -> str:
    columns = []
    for name, kind, *_ in con.execute(f"describe select * from {relation}").fetchall():
        quoted = identifier(name)
        if name.lower() not in wanted:
            # Only the name is kept: it tells a misspelt column from one that is not there.
            columns.append(f"cast(null as boolean) as {quoted}")
        elif kind in {"HUGEINT", "UHUGEINT"}:
            # Parquet has no such type; DuckDB would write a float, and two ids could become one.
            columns.append(f"cast({quoted} as decimal(38, 0)) as {quoted}")
        else:
            columns.append(quoted)
    return ", ".join(columns)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _describe(con: duckdb.DuckDBPyConnection, relation: str, raw: RawTable) -> tuple[tuple[str, str], ...]:
    try:
        rows = con.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error as error:
        raise BadFile(f"table {raw.name}: {_first_line(error)}") from error
    return tuple((row[0], row[1]) for row in rows)


def _never_null(con: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> frozenset[str]:
    """Columns without a null in any row group, where every writer kept that statistic: saves reading them."""
    paths = ", ".join(literal(str(file)) for file in files)
    rows = con.execute(
        f"""
        select path_in_schema from parquet_metadata([{paths}]) group by 1
        having sum(coalesce(stats_null_count, 1)) = 0
            and count(distinct file_name) = (select count(distinct file_name) from parquet_metadata([{paths}]))
        """
    ).fetchall()
    return frozenset(row[0] for row in rows)


def _check_folders(raw: RawTable, absent: frozenset[str]) -> None:
    """Spark leaves the columns it partitions by out of the files; a model must not take them for empty."""
    for file in raw.files:
        for folder in file.path.parent.parts:
            name, is_column, _ = folder.partition("=")
            if is_column and name.lower() in absent:
                raise BadFile(
                    f"table {raw.name}: column {name} is only in the name of a folder ({file.path.parent}), which is "
                    "not read. Write it into the files"
                )


def _check_parquet(path: Path) -> None:
    """Name the one truncated file among many, which DuckDB's own message does not always do."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 8))
        tail = file.read(8)
    footer = int.from_bytes(tail[:4], "little")
    if size < _SMALLEST_PARQUET or head != _PARQUET_MAGIC or tail[4:] != _PARQUET_MAGIC or footer + 12 > size:
        raise BadFile(
            f"file {path} is not a complete Parquet file ({size:,} bytes): truncated or still being written. "
            "Let the loader write it again"
        )


def _duckdb_relation(con: duckdb.DuckDBPyConnection, raw: RawTable) -> str:
    return f"{RAW_DATABASE}.{identifier(raw.schema)}.{identifier(raw.name)}"


def _csv_relation(con: duckdb.DuckDBPyConnection, raw: RawTable) -> str:
    """Strict reading, every column as text: a sniffed dialect or type would make a broken file pass."""
    return f"({' union all by name '.join(f'from {_csv_file(file.path)}' for file in raw.files)})"


def _csv_file(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
    if not first.strip():
        raise BadFile(f"file {path} is empty: a CSV file without rows still needs its header line")
    delimiter = max(_DELIMITERS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    folded = [name.lower() for name in names]
    double = sorted({name for name in folded if folded.count(name) > 1 or not name})
    if double:
        raise BadFile(f"file {path}: header names missing or used twice: {', '.join(double) or '(empty)'}")
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', strict_mode = true, {_NO_FOLDER_COLUMNS}, columns = {{{columns}}})"
    )


def _jsonl_relation(con: duckdb.DuckDBPyConnection, raw: RawTable) -> str:
    """Every column as text (nested values as JSON), with the columns of all lines, not of the first few."""
    files = [file.path for file in raw.files if file.size]
    if not files:
        return "(select 1 as no_columns where false)"
    paths = ", ".join(literal(str(file)) for file in files)
    options = (
        f"format = 'newline_delimited', records = true, maximum_object_size = 67108864, {_NO_FOLDER_COLUMNS}"
    )
    described = con.execute(
        f"describe select * from read_json([{paths}], {options}, sample_size = -1, union_by_name = true)"
    ).fetchall()
    names = [row[0] for row in described]
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return f"read_json([{paths}], {options}, columns = {{{columns}}})"


_RELATIONS: dict[str, Callable[[duckdb.DuckDBPyConnection, RawTable], str]] = {
    "csv": _csv_relation,
    "jsonl": _jsonl_relation,
    "duckdb": _duckdb_relation,
}


def _bad_file(raw: RawTable, error: duckdb.Error) -> BadFile:
    """DuckDB's message without the line it quotes, which holds customers' data."""
    text = str(error)
    if raw.format == "csv":
        line = re.search(r"CSV Error on Line: (\d+)", text)
        file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
        path = file.group(1).strip() if file else str(raw.files[0].path)
        where = f"line {line.group(1)}" if line else "a line"
        return BadFile(f"file {path}: {where} is broken ({_csv_reason(text)}). Fix or re-export the file")
    if raw.format == "jsonl":
        for file_ in raw.files:
            if broken := _first_broken_line(file_.path, text):
                return BadFile(f"file {file_.path}: {broken}. Fix or re-export the file")
        reason = re.search(r"Malformed JSON in file .*, at byte \d+ in line \d+: ([a-zA-Z() -]+)\.", text)
        told = reason.group(1) if reason else without_values(text)
        return BadFile(f"table {raw.name} in {raw.files[0].path}: a line cannot be read ({told})")
    return BadFile(f"table {raw.name} in {raw.files[0].path}: {without_values(text)}")


def _csv_reason(text: str) -> str:
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if counts:
        expected, found = (int(number) for number in counts.groups())
        return f"{'more' if found > expected else found} fields where the header has {expected}"
    if "unterminated quote" in text:
        return "a quote that is never closed"
    return "not UTF-8" if "utf-8" in text.lower() else "not valid CSV"


def _first_broken_line(path: Path, text: str) -> str | None:
    """What is wrong in which line; DuckDB's `text` says which key is there twice, and minds only declared ones."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                # Objects become tuples of their pairs: a dictionary would hide a key that is there twice.
                row = json.loads(line.decode("utf-8"), object_pairs_hook=tuple) if line.strip() else ()
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, tuple):
                return f"line {number} is not one complete JSON object"
            keys = [key for key, _ in row]
            for key in keys:
                if keys.count(key) > 1 and f'duplicate key "{key}"' in text:
                    return f'line {number} has the key "{key}" twice'
    return None


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
