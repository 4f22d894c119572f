"""The ingest, step by step: discover, land, check, then write everything in one transaction."""

import contextlib
import difflib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import as_of, pipeline
from crm_warehouse.ingest.checks import (
    DELETED_RULES,
    QUARANTINE_RULES,
    REPLACED_RULES,
    Checked,
    Checker,
    Limits,
)
from crm_warehouse.ingest.conform import Part, make_part, physical_columns
from crm_warehouse.ingest.declaration import (
    MODELS_DIR,
    Platform,
    Table,
    load_platforms,
    load_published_state,
)
from crm_warehouse.ingest.discover import RawInput, RawTable, Source, closest, discover
from crm_warehouse.ingest.files import BadFile, Landed, land, remove_stale_copies
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.ingest.report import IngestReport, TableReport
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

# ISO 4217's code for "no currency": a warehouse without a single order.
NO_CURRENCY = "XXX"
# What DuckDB raises for a wrong query or a full machine; everything else comes from the bytes of the file.
_OUR_FAULT = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
)
_CURRENCY_CODE = re.compile("[A-Z]{3}")
_ADVICE = "Fix the raw data (or its loader) and run again. docs/raw-input.md explains every rule."


@dataclass(frozen=True)
class _Run:
    """What one ingest carries from step to step."""

    settings: Settings
    build_id: str
    started_at: datetime
    platforms: Mapping[str, Platform]
    models_dir: Path


def ingest(settings: Settings, build_id: str, *, models_dir: Path = MODELS_DIR) -> IngestReport:
    """Conform the raw input into the private warehouse and write the run's context.

    Everything is checked first and then written in one transaction: a failed or killed run leaves the previous
    state, and the next one starts over.

    Args:
        settings: The warehouse to fill.
        build_id: Identifies this build in every pipeline table.
        models_dir: Where the declarations are.

    Raises:
        WarehouseError: The raw input cannot be used; the message lists everything found wrong.
    """
    run = _Run(settings, build_id, as_of.utc_now(), load_platforms(models_dir), models_dir)
    with _warehouse(settings) as con:
        sources, raw = discover(settings, run.platforms, con)
        return _conform(run, con, sources, raw)


def ingest_empty(
    settings: Settings, build_id: str = "empty", *, models_dir: Path = MODELS_DIR
) -> IngestReport:
    """Conform a shop without any source: every relation typed and empty.

    dbt's unit tests need their source relations to exist, but no rows in them.
    """
    run = _Run(settings, build_id, as_of.utc_now(), load_platforms(models_dir), models_dir)
    with _warehouse(settings) as con:
        return _conform(run, con, [], RawInput(settings.raw, {}))


def recheck_inputs(settings: Settings) -> None:
    """Make sure that what this build read is still what is there.

    Raises:
        WarehouseError: An input file changed or vanished since the ingest pinned it.
    """
    with _warehouse(settings) as con:
        rows = con.execute(
            "select distinct path, size_bytes, mtime_ns from pipeline.ingest_files order by all"
        ).fetchall()
    changed = [path for path, size, mtime_ns in rows if not _is_unchanged(Path(path), size, mtime_ns)]
    if changed:
        raise WarehouseError(
            f"{len(changed)} input file(s) changed while the build ran: {', '.join(changed[:5])}. The build may mix "
            "old and new rows and is not published. Build again once the loader has finished."
        )


def _is_unchanged(path: Path, size: int, mtime_ns: int) -> bool:
    if not path.exists():
        return False
    stat = path.stat()
    return (stat.st_size, stat.st_mtime_ns) == (size, mtime_ns)


@contextlib.contextmanager
def _warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    settings.out.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(settings.warehouse_path))
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise WarehouseError(
                f"{settings.warehouse_path} is open in another process. Wait for that build to end, or close it."
            ) from error
        raise WarehouseError(
            f"{settings.warehouse_path} cannot be opened as a DuckDB database. It is rebuilt from raw data: move it "
            "away and run again."
        ) from error
    try:
        con.execute("set TimeZone = 'UTC'")
        yield con
    finally:
        con.close()


def _conform(run: _Run, con: duckdb.DuckDBPyConnection, sources: list[Source], raw: RawInput) -> IngestReport:
    problems = Problems()
    zone = as_of.reporting_zone(run.settings.vars.get("reporting_timezone", "UTC"))
    asked = as_of.explicit(run.settings.as_of, run.started_at, zone) if run.settings.as_of else None
    checked = _land_all(run, con, sources, raw, problems)
    problems.raise_if_any(_ADVICE)
    _check_all(run, con, sources, checked, problems)
    problems.raise_if_any(_ADVICE)
    resolved = asked or as_of.newest((entry.newest_at for entry in checked), run.started_at, zone)
    report = _write(run, con, sources, checked, resolved, _currency(run, con, checked))
    remove_stale_copies(
        run.settings, {file for entry in checked for part in entry.parts for file in part.landed.files}
    )
    logger.info("conformed %d sources as of %s", len(sources), resolved.day)
    return report


# -- landing ------------------------------------------------------------------------------------------------


def _land_all(
    run: _Run, con: duckdb.DuckDBPyConnection, sources: list[Source], raw: RawInput, problems: Problems
) -> list[Checked]:
    checked = []
    next_id = 0
    for source in sources:
        tables = raw.schemas[source.schema]
        landed: dict[str, Landed] = {}
        for table in run.platforms[source.platform].tables.values():
            parts = []
            for physical in _physical(table, tables):
                if physical.name.lower() not in landed:
                    landed |= _try_land(
                        run, con, source, physical, problems
                    )  # at most once per physical table
                if found := landed.get(physical.name.lower()):
                    parts.append(make_part(next_id, source, table, found))
                    next_id += 1
            _judge_presence(con, source, table, parts, tables, problems)
            checked.append(Checked(source, table, parts))
    return checked


def _physical(table: Table, tables: Mapping[str, RawTable]) -> list[RawTable]:
    names = [name.lower() for name in (table.name, *table.aliases)]
    return [tables[name] for name in dict.fromkeys(names) if name in tables]


def _try_land(
    run: _Run, con: duckdb.DuckDBPyConnection, source: Source, physical: RawTable, problems: Problems
) -> dict[str, Landed]:
    try:
        wanted = physical_columns(run.platforms[source.platform], physical.name)
        return {physical.name.lower(): land(con, run.settings, physical, wanted)}
    except BadFile as error:
        problems.add(source.name, str(error))
        return {}


def _judge_presence(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    table: Table,
    parts: list[Part],
    tables: Mapping[str, RawTable],
    problems: Problems,
) -> None:
    """Required tables and columns; several physical tables where only one may have rows."""
    if len(parts) > 1 and not table.merge_aliases:
        filled = [part for part in parts if _has_rows(con, part)]
        if len(filled) > 1:
            names = ", ".join(part.landed.raw.name for part in filled)
            problems.add(
                source.name, f"table {table.name} landed under several names with rows: {names}; keep one"
            )
        parts[:] = filled or parts[:1]
    if table.required and not _physical(table, tables):
        problems.add(source.name, f"required table {table.name} is missing{_similar(table, tables)}")
    for part in parts:
        if part.landed.raw.format != "jsonl" or _has_rows(con, part):
            _judge_columns(source, part, problems)


def _judge_columns(source: Source, part: Part, problems: Problems) -> None:
    there = [name for name, _ in part.landed.columns]
    for column in part.table.columns:
        if column.required and not part.casts[column.name]:
            names = ", ".join(dict.fromkeys(candidate.column for candidate in column.candidates[1:]))
            also = f" (also looked for: {names})" if names else ""
            problems.add(
                source.name,
                f"table {part.label}: required column {column.name} is missing{also}"
                f"{_close_column(column.name, there)}",
            )
    for group in part.table.require_one_of:
        if not any(part.casts[name] for name in group):
            problems.add(source.name, f"table {part.label}: needs one of the columns {', '.join(group)}")


def _close_column(name: str, there: list[str]) -> str:
    matches = difflib.get_close_matches(name, there, n=1, cutoff=0.7)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def _similar(table: Table, tables: Mapping[str, RawTable]) -> str:
    return closest(table.name, tables) or f"; landed: {', '.join(sorted(tables)) or 'nothing'}"


def _has_rows(con: duckdb.DuckDBPyConnection, part: Part) -> bool:
    return con.execute(f"select 1 from {part.landed.relation} limit 1").fetchall() != []


# -- checking -----------------------------------------------------------------------------------------------


def _check_all(
    run: _Run,
    con: duckdb.DuckDBPyConnection,
    sources: list[Source],
    checked: list[Checked],
    problems: Problems,
) -> None:
    limits = Limits(
        run.started_at,
        timedelta(minutes=run.settings.vars.get("clock_skew_tolerance_minutes", 60)),
        run.settings.vars.get("quarantine_max_share", 0.01),
    )
    checker = Checker(con, limits, problems)
    for source in sources:
        logger.info("checking %s", source.name)
        tables = {entry.table.name: entry for entry in checked if entry.source == source}
        for entry in tables.values():
            _guarded(entry, problems, partial(checker.check_rows, entry))
        for entry in _parents_first(tables):
            _guarded(entry, problems, partial(checker.check_parents, entry, tables))


def _guarded(entry: Checked, problems: Problems, check: Callable[[], None]) -> None:
    """A Parquet file can be damaged past its footer; that shows only when its pages are read."""
    try:
        check()
    except duckdb.Error as error:
        if isinstance(error, _OUR_FAULT):
            raise
        entry.failed = True
        files = ", ".join(str(file) for part in entry.parts for file in part.landed.files[:3])
        # DuckDB quotes the offending value, so its message stays out of ours.
        reason = (
            "text that is not UTF-8"
            if "utf" in str(error).lower()
            else "damaged pages behind an intact footer"
        )
        problems.add(entry.source.name, f"table {entry.table.name}: {files} cannot be read ({reason})")


def _parents_first(tables: Mapping[str, Checked]) -> list[Checked]:
    ordered: dict[str, Checked] = {}

    def visit(name: str) -> None:
        if name in ordered or name not in tables:
            return
        for parent in tables[name].table.parents:
            if parent.table != name:
                visit(parent.table)
        ordered[name] = tables[name]

    for name in tables:
        visit(name)
    return list(ordered.values())


def _currency(run: _Run, con: duckdb.DuckDBPyConnection, checked: list[Checked]) -> str:
    """The reporting currency: the configured one, or the only one that orders are in."""
    configured: str | None = run.settings.vars.get("reporting_currency")
    if configured:
        return configured
    commerce = run.settings.vars.get("platforms", {}).get("commerce", [])
    counts: dict[str, int] = {}
    for entry in checked:
        if entry.table.name not in {"order", "orders"} or entry.source.platform not in commerce:
            continue
        for part in entry.parts:
            if part.casts.get("currency_code"):
                _count_currencies(con, part, counts)
    if unreadable := sum(count for code, count in counts.items() if not _CURRENCY_CODE.fullmatch(code)):
        raise WarehouseError(
            f"{unreadable:,} orders have a currency that is not a three-letter code (ISO 4217). "
            "Fix the currency column and run again."
        )
    if len(counts) > 1:
        listed = ", ".join(f"{code} ({count:,} orders)" for code, count in sorted(counts.items()))
        raise WarehouseError(
            f"Orders are in several currencies: {listed}. Set vars.reporting_currency to the one to report in and "
            "give the rates of the others in seeds/exchange_rates.csv."
        )
    return next(iter(counts), NO_CURRENCY)


def _count_currencies(con: duckdb.DuckDBPyConnection, part: Part, counts: dict[str, int]) -> None:
    code = f"upper(trim({part.attempt('currency_code')}))"
    rows = con.execute(
        f"select {code} as code, count(*) from {part.landed.relation} as p where {code} <> '' group by 1"
    ).fetchall()
    for found, count in rows:
        counts[found] = counts.get(found, 0) + count


# -- writing ------------------------------------------------------------------------------------------------


def _write(
    run: _Run,
    con: duckdb.DuckDBPyConnection,
    sources: list[Source],
    checked: list[Checked],
    resolved: as_of.AsOf,
    currency: str,
) -> IngestReport:
    for entry in checked:
        for facts in entry.facts.values():
            facts.last_at = facts.newest_at
    live = pipeline.attach_live(con, run.settings)
    con.execute("begin")
    try:
        pipeline.write_conformed(con, run.platforms, checked, resolved.at, is_backdated=resolved.is_backdated)
        report = IngestReport(
            build_id=run.build_id,
            sources=tuple(sources),
            as_of_at=resolved.at,
            as_of_date=resolved.day,
            is_backdated=resolved.is_backdated,
            reporting_currency_code=currency,
            live_version=pipeline.live_version(run.settings) if live else None,
            tables=tuple(_table_report(con, entry, resolved.at) for entry in checked),
        )
        pipeline.copy_published_state(con, load_published_state(run.models_dir), live)
        pipeline.write_pipeline(con, report, run.started_at, checked)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return report


def _table_report(con: duckdb.DuckDBPyConnection, entry: Checked, as_of_at: datetime) -> TableReport:
    raw_rows = entry.total("rows")
    rows = pipeline.count_rows(con, entry, as_of_at)
    duplicates = entry.removed_by(REPLACED_RULES)
    quarantined = entry.removed_by(QUARANTINE_RULES)
    deleted = entry.total("deleted") + entry.removed_by(DELETED_RULES)
    status = "ok"
    if not entry.parts:
        status = "missing_optional"
    elif not raw_rows:
        status = "empty"
    elif quarantined:
        status = "quarantined"
    elif duplicates:
        status = "duplicates_resolved"
    return TableReport(
        source_name=entry.source.name,
        platform=entry.source.platform,
        table_name=entry.table.name,
        status=status,
        raw_row_count=raw_rows + duplicates if duplicates else raw_rows,
        row_count=rows,
        deleted_count=deleted,
        duplicate_count=duplicates,
        quarantined_count=quarantined,
        later_count=raw_rows - rows - deleted - quarantined,
        newest_at=entry.newest_at,
        note=_note(entry),
    )


def _note(entry: Checked) -> str | None:
    notes = []
    for part in entry.parts:
        if part.landed.raw.name.lower() != entry.table.name:
            notes.append(f"landed as {part.landed.raw.name}")
        if missing := part.missing():
            notes.append(f"columns not landed: {', '.join(missing)}")
    rows = entry.total("rows")
    for column in entry.table.columns:
        if words := entry.total(f"word:{column.name}"):
            notes.append(f"{column.name}: {words / rows:.1%} of values are words for nothing, read as empty")
    return "; ".join(notes) or None


__all__ = ["ingest", "ingest_empty", "recheck_inputs"]
