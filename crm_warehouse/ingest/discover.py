"""What raw input there is: connected sources, their physical tables and the exact files behind them.

Belongs here: looking at folders, `sources.yml` and the catalogue of a DuckDB file. Does not: reading rows.
"""

import difflib
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import yaml

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.settings import Settings

Format = Literal["parquet", "csv", "jsonl", "duckdb"]
SUFFIXES: dict[str, Format] = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
SOURCES_FILE = "sources.yml"
RAW_DATABASE = "raw_input"
_SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_PERMISSION = "cannot be read: permission denied. Let the account that builds read it"
_GLOB = re.compile(r"[*?\[]")
_LAYOUT = (
    "Expected <folder>/<source>/<table>.parquet, .csv or .jsonl, or a DuckDB file with one schema per source."
)


@dataclass(frozen=True)
class Source:
    """One connected shop, e-mail account or helpdesk."""

    name: str
    platform: str
    schema: str


@dataclass(frozen=True)
class PinnedFile:
    """A file as it was when the build began."""

    path: Path
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "PinnedFile":
        """Pin `path` as it is now."""
        stat = path.stat()
        return cls(path.resolve(), stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True)
class RawTable:
    """A physical table: its name as landed and the files that hold it, in a fixed order."""

    schema: str
    name: str
    format: Format
    files: tuple[PinnedFile, ...]


@dataclass(frozen=True)
class RawInput:
    """All physical tables by schema and lower-case table name."""

    location: Path
    schemas: Mapping[str, Mapping[str, RawTable]]


def source_number(name: str) -> int:
    """The number a source's name stands for in keys; macros/numeric_key.sql computes the same in SQL."""
    digits = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:8]
    return int(digits, 16) % 16383 + 1


def is_sample_shop(settings: Settings) -> bool:
    """Whether the raw input is the generated shop, which has to hold every entry of `vars.sources`."""
    return settings.raw == settings.out / "sample_raw"


def raw_files(folder: Path, on_error: Callable[[OSError], object] | None = None) -> list[Path]:
    """Every file of a folder and its sub-folders, in a fixed order; hidden ones are passed over, links followed.

    Args:
        folder: Where to look.
        on_error: What to do about a folder that cannot be listed; it is left out by default.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=on_error, followlinks=True):
        # A link to a folder that it lies in would be followed for ever.
        folders[:] = [
            name
            for name in folders
            if not is_hidden(name) and not Path(place).resolve().is_relative_to(Path(place, name).resolve())
        ]
        found += [Path(place, name) for name in names if not is_hidden(name)]
    return sorted(found)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over: markers and work of loaders, notes of systems."""
    return name.startswith((".", "_"))


def why_unreadable(path: Path) -> str | None:
    """What is wrong with a file that cannot be opened, and what to do; None where it can."""
    if path.is_symlink() and not path.exists():
        return f"{path} is a link to nothing. Remove the link, or bring back what it points to"
    if path.exists() and not path.is_file():
        return f"{path} is not a regular file. Remove it, or put a file with the data there"
    try:
        path.open("rb").close()
    except PermissionError:
        return f"{path} {_NO_PERMISSION}"
    return None


def closest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or nothing."""
    matches = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.7)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def discover(
    settings: Settings, platforms: Iterable[str], con: duckdb.DuckDBPyConnection
) -> tuple[list[Source], RawInput]:
    """Find the connected sources and everything that landed for them.

    Raises:
        WarehouseError: Nothing there, an unknown platform, a misspelt schema, an unreadable file or one in a
            format that cannot be read.
    """
    raw = settings.raw
    if not raw.exists():
        raise WarehouseError(f"There is no raw input at {raw}. {_LAYOUT}")
    declared = _declared_sources(settings)
    problems = Problems()
    wanted = {source.schema for source in declared} if declared is not None else None
    try:
        schemas = (
            _folder_tables(raw, wanted, problems) if raw.is_dir() else _database_tables(raw, wanted, con)
        )
    except PermissionError as error:
        raise WarehouseError(f"{error.filename} {_NO_PERMISSION}.") from None
    if not schemas or (declared is None and not any(schemas.values())):
        raise WarehouseError(f"{raw} holds no source with tables. {_LAYOUT}{_stray_files(raw)}")
    if declared is None:
        declared = _inferred_sources(settings, schemas, sorted(platforms), problems)
    _check_sources(declared, schemas, sorted(platforms), problems)
    problems.raise_if_any(f"Fix {raw}, or name its sources in {SOURCES_FILE}, and run again.")
    return declared, RawInput(raw, schemas)


def _declared_sources(settings: Settings) -> list[Source] | None:
    """The explicit list of sources, where there is one: it then has to be met in full."""
    raw = settings.raw
    path = raw / SOURCES_FILE if raw.is_dir() else raw.with_suffix(f".{SOURCES_FILE}")
    if path.exists():
        content = _read_yaml(path)
        entries = content.get("sources") if isinstance(content, dict) else content
        return _parse_sources(entries, str(path))
    if is_sample_shop(settings) or "sources" in settings.var_overrides:
        return _parse_sources(settings.vars["sources"], "vars.sources")
    return None


def _read_yaml(path: Path) -> Any:
    if problem := why_unreadable(path):
        raise WarehouseError(f"{problem}.")
    content = path.read_bytes()
    try:
        return yaml.safe_load(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line, reason = content.count(b"\n", 0, error.start) + 1, "text that is not UTF-8"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, reason = (mark.line if mark else 0) + 1, f"no valid YAML ({error.problem or error.context})"
    except yaml.reader.ReaderError as error:
        text = content.decode("utf-8-sig")
        line, reason = text.count("\n", 0, error.position) + 1, "a character that YAML does not allow"
    raise WarehouseError(f"{path}, line {line}: {reason}. Correct the file and run again.")


def _parse_sources(entries: Any, where: str) -> list[Source]:
    wanted = "a list of entries like {name: shopify, platform: shopify, schema: shopify}"
    if not isinstance(entries, list) or not entries:
        raise WarehouseError(f"{where} must hold {wanted}.")
    sources = []
    for entry in entries:
        if not isinstance(entry, dict) or not {"name", "platform"} <= set(entry):
            raise WarehouseError(f"{where}: {entry!r} is not understood; it must hold {wanted}.")
        name, platform = str(entry["name"]), str(entry["platform"])
        sources.append(Source(name, platform, str(entry.get("schema", name))))
    return sources


def _inferred_sources(
    settings: Settings, schemas: Mapping[str, object], platforms: list[str], problems: Problems
) -> list[Source]:
    """Folder and schema names are those of `vars.sources`, or else names of platforms."""
    listed: dict[str, list[Source]] = {}
    for source in _parse_sources(settings.vars["sources"], "vars.sources"):
        listed.setdefault(source.schema, []).append(source)
    sources: list[Source] = []
    for schema in sorted(schemas):
        if schema in listed:
            sources += listed[schema]
        elif schema in platforms:
            sources.append(Source(schema, schema, schema))
        else:
            known = sorted({*listed, *platforms})
            problems.add(
                schema,
                f"{schema!r} is neither a platform nor the schema of an entry in vars.sources"
                f"{closest(schema, known)} Known: {', '.join(known)}.",
            )
    return sources


def _check_sources(
    sources: list[Source], schemas: Mapping[str, object], platforms: list[str], problems: Problems
) -> None:
    names = [source.name for source in sources]
    for first, second in itertools.combinations(sorted(set(names)), 2):
        if source_number(first) == source_number(second):
            problems.add(second, f"its keys would collide with those of {first!r}; rename one of the two")
    _check_read_once(sources, problems)
    for source in sources:
        if not _SOURCE_NAME.fullmatch(source.name):
            problems.add(source.name, "its name must be lower-case letters, digits and underscores")
        if names.count(source.name) > 1:
            problems.add(source.name, "its name is used by several sources; keys would collide")
        if source.platform not in platforms:
            problems.add(
                source.name,
                f"unknown platform {source.platform!r}{closest(source.platform, platforms)} "
                f"Known: {', '.join(platforms)}.",
            )
        if source.schema not in schemas:
            problems.add(
                source.name,
                f"schema {source.schema!r} is not in the raw input{closest(source.schema, schemas)} "
                f"Found: {', '.join(sorted(schemas)) or 'nothing'}.",
            )


def _check_read_once(sources: list[Source], problems: Problems) -> None:
    for one, other in itertools.combinations(sources, 2):
        if (one.platform, one.schema) == (other.platform, other.schema):
            problems.add(
                other.name,
                f"it reads schema {other.schema!r} as {other.platform}, and so does {one.name!r}: every row would "
                "count twice. Remove one of the two entries, or give it the schema that holds its own data",
            )


def _folder_tables(raw: Path, wanted: set[str] | None, problems: Problems) -> dict[str, dict[str, RawTable]]:
    schemas: dict[str, dict[str, RawTable]] = {}
    for path in _listed(raw):
        is_read = wanted is None or path.name in wanted
        if path.is_dir():
            schemas[path.name] = _tables_in(path, problems) if is_read else {}
        elif is_read and not path.exists():
            problems.add(path.name, str(why_unreadable(path)))
    return schemas


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_hidden(path.name))


def _tables_in(folder: Path, problems: Problems) -> dict[str, RawTable]:
    tables: dict[str, RawTable] = {}
    for path in _listed(folder):
        table = _raw_table(folder.name, path, problems)
        if table is None:
            continue
        key = table.name.lower()
        if key in tables:
            problems.add(
                folder.name, f"table {table.name} is there twice: {_names(tables[key], table)}; keep one"
            )
        tables[key] = table
    return tables


def _raw_table(schema: str, path: Path, problems: Problems) -> RawTable | None:
    is_folder = path.is_dir()
    files = raw_files(path, _raise) if is_folder else [path]
    # Spark writes a folder `order.parquet` with the parts in it.
    has_suffix = not is_folder or path.suffix.lower() in SUFFIXES
    name = path.name.split(".")[0] if has_suffix else path.name
    formats = {SUFFIXES.get(file.suffix.lower()) for file in files}
    if any(_GLOB.search(str(file)) for file in files):
        problems.add(
            schema,
            f"table {name}: {path} has one of * ? [ in its path, which is read as a pattern; rename it",
        )
        return None
    if not files or formats == {None} and not is_folder and path.suffix.lower() in {".md", ".txt", ".yml"}:
        return None
    if None in formats or len(formats) > 1:
        problems.add(
            schema,
            f"table {name}: {_odd_one(path, files)} is not read; tables are .parquet, .csv or .jsonl (uncompressed), "
            "one format per table. Convert or remove it",
        )
        return None
    if unreadable := list(filter(None, map(why_unreadable, files))):
        more = f" (and {len(unreadable) - 1} more files)" if len(unreadable) > 1 else ""
        problems.add(schema, f"table {name}: file {unreadable[0]}{more}")
        return None
    (file_format,) = formats
    assert file_format is not None  # noqa: S101 - narrows the type; None was refused above
    return RawTable(schema, name, file_format, tuple(PinnedFile.of(file) for file in files))


def _database_tables(
    path: Path, wanted: set[str] | None, con: duckdb.DuckDBPyConnection
) -> dict[str, dict[str, RawTable]]:
    if problem := why_unreadable(path):
        raise WarehouseError(f"{problem}.")
    attach_raw(con, path)
    try:
        rows = con.execute(
            """
            select table_schema, table_name from information_schema.tables
            where table_catalog = ? and not starts_with(table_name, '_dlt_')
            order by all
            """,
            [RAW_DATABASE],
        ).fetchall()
    finally:
        con.execute(f"detach {RAW_DATABASE}")
    wal = path.with_name(path.name + ".wal")
    files = tuple(PinnedFile.of(file) for file in (path, wal) if file.exists())
    schemas: dict[str, dict[str, RawTable]] = {}
    for schema, table in rows:
        tables = schemas.setdefault(schema, {})
        if wanted is None or schema in wanted:
            tables[table.lower()] = RawTable(schema, table, "duckdb", files)
    return schemas


def attach_raw(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a raw DuckDB file read-only.

    Raises:
        WarehouseError: It is not a DuckDB file, or another process holds it for writing.
    """
    try:
        con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {RAW_DATABASE} (read_only)")
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise WarehouseError(
                f"{path} is open for writing in another process, and DuckDB lets nobody else read it then. "
                "Close that process (or copy the file) and run again."
            ) from error
        raise WarehouseError(f"{path} cannot be read as a DuckDB database. {_LAYOUT}") from error


def _stray_files(raw: Path) -> str:
    """A hint for tables put at the top of the folder instead of into a source's folder."""
    if not raw.is_dir():
        return ""
    stray = sorted(path.name for path in raw.iterdir() if path.suffix.lower() in SUFFIXES)
    return f" Found outside any source folder: {', '.join(stray[:5])}." if stray else ""


def _odd_one(path: Path, files: list[Path]) -> str:
    """The file that cannot be read, below the folder it is in."""
    odd = next((file for file in files if file.suffix.lower() not in SUFFIXES), path)
    return odd.relative_to(path.parent).as_posix()


def _raise(error: OSError) -> None:
    raise error


def _names(*tables: RawTable) -> str:
    return " and ".join(table.files[0].path.name for table in tables)
