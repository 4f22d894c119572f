"""The ingest, step by step: discover, land, check, then write everything in one transaction."""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from crm_warehouse.custody import custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import as_of, pipeline
from crm_warehouse.ingest.checked import Checked
from crm_warehouse.ingest.checks import Checker
from crm_warehouse.ingest.currency import reporting_currency
from crm_warehouse.ingest.declaration import MODELS_DIR, Platform, load_platforms, load_published_state
from crm_warehouse.ingest.discover import RawInput, Source, discover
from crm_warehouse.ingest.erased import Erasures
from crm_warehouse.ingest.exclusions import check_exclusions, read_exclusions
from crm_warehouse.ingest.files import remove_stale_copies
from crm_warehouse.ingest.presence import land_sources
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.ingest.report import IngestReport, TableReport
from crm_warehouse.ingest.rules import DELETED_RULES, ERASED_RULE, QUARANTINE_RULES, REPLACED_RULES, Limits
from crm_warehouse.settings import Settings, making_out

logger = logging.getLogger(__name__)

# What DuckDB raises for a wrong query or a full machine; everything else comes from the bytes of the file.
_OUR_FAULT = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
)
_ADVICE = "Fix the raw data (or its loader) and run again. docs/raw-input.md explains every rule."


@dataclass(frozen=True)
class _Run:
    """What one ingest carries from step to step."""

    settings: Settings
    build_id: str
    started_at: datetime
    declared: Mapping[str, Platform]
    models_dir: Path
    at: datetime | None = None
    only: Mapping[str, Collection[str]] | None = None

    @cached_property
    def platforms(self) -> Mapping[str, Platform]:
        """What is declared, of each platform only the tables that this run is for."""
        if self.only is None:
            return self.declared
        return {
            name: Platform(
                name, {t: table for t, table in platform.tables.items() if t in self.only.get(name, ())}
            )
            for name, platform in self.declared.items()
        }


def ingest(
    settings: Settings,
    build_id: str,
    *,
    models_dir: Path = MODELS_DIR,
    at: datetime | None = None,
    only: Mapping[str, Collection[str]] | None = None,
) -> IngestReport:
    """Conform the raw input into the private warehouse and write the run's context.

    Everything is checked first and then written in one transaction: a failed or killed run leaves the previous
    state, and the next one starts over.

    Args:
        settings: The warehouse to fill.
        build_id: Identifies this build in every pipeline table.
        models_dir: Where the declarations are.
        at: As of this moment (UTC) instead of a day or the newest event.
        only: Conform these tables alone, by platform; they need those that their rows belong to.

    Raises:
        WarehouseError: The raw input cannot be used; the message lists everything found wrong.
    """
    run = _Run(settings, build_id, as_of.utc_now(), load_platforms(models_dir), models_dir, at, only)
    with custody(settings, build_id, "ingest", starts_build=True), _warehouse(settings) as con:
        sources, raw = discover(settings, run.platforms, con)
        return _conform(run, con, sources, raw)


def ingest_empty(
    settings: Settings, build_id: str = "empty", *, models_dir: Path = MODELS_DIR
) -> IngestReport:
    """Conform a shop without any source: every relation typed and empty.

    dbt's unit tests need their source relations to exist, but no rows in them.
    """
    run = _Run(settings, build_id, as_of.utc_now(), load_platforms(models_dir), models_dir)
    with custody(settings, build_id, "ingest", starts_build=True), _warehouse(settings) as con:
        return _conform(run, con, [], RawInput(settings.raw, {}))


def recheck_inputs(settings: Settings) -> None:
    """Make sure that what this build read is still what is there.

    Raises:
        WarehouseError: An input file changed or vanished since the ingest pinned it.
    """
    with _warehouse(settings, read_only=True) as con:
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
def _warehouse(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with making_out(settings):
            con = duckdb.connect(
                str(settings.warehouse_path),
                read_only=read_only,
                config={"memory_limit": settings.memory_limit},
            )
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


def _conform(
    run: _Run, con: duckdb.DuckDBPyConnection, sources: Sequence[Source], raw: RawInput
) -> IngestReport:
    problems = Problems()
    zone = as_of.reporting_zone(run.settings.vars.get("reporting_timezone", "UTC"))
    asked = _asked(run, zone)
    checked = land_sources(con, run.settings, run.platforms, sources, raw, problems)
    problems.raise_if_any(_ADVICE)
    _check_all(run, con, sources, checked, problems)
    problems.raise_if_any(_ADVICE)
    resolved = asked or as_of.newest((entry.newest_at for entry in checked), run.started_at, zone)
    report = _write(run, con, sources, checked, resolved, reporting_currency(con, run.settings, checked))
    remove_stale_copies(
        run.settings, {file for entry in checked for part in entry.parts for file in part.landed.files}
    )
    logger.info("conformed %d sources as of %s", len(sources), resolved.day)
    return report


def _asked(run: _Run, zone: ZoneInfo) -> as_of.AsOf | None:
    if run.at:
        return as_of.moment(run.at, run.started_at, zone)
    return as_of.explicit(run.settings.as_of, run.started_at, zone) if run.settings.as_of else None


# -- checking -----------------------------------------------------------------------------------------------


def _check_all(
    run: _Run,
    con: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    checked: list[Checked],
    problems: Problems,
) -> None:
    limits = Limits(
        run.started_at,
        timedelta(minutes=run.settings.vars.get("clock_skew_tolerance_minutes", 60)),
        run.settings.vars.get("quarantine_max_share", 0.01),
    )
    exclusions = read_exclusions(run.settings.exclusions_path)
    check_exclusions(exclusions, list(sources), run.declared)
    checker = Checker(con, limits, problems, exclusions)
    Erasures(con, run.settings).take_out(checked, lambda entry, read: _guarded(entry, problems, read))
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
        if isinstance(error, _OUR_FAULT) or "space left" in str(error).lower():
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


# -- writing ------------------------------------------------------------------------------------------------


def _write(
    run: _Run,
    con: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    checked: list[Checked],
    resolved: as_of.AsOf,
    currency: str,
) -> IngestReport:
    published = pipeline.attach_published(con, run.settings)
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
            live_version=next(iter(published), None),
            tables=tuple(_table_report(con, entry, resolved.at) for entry in checked),
        )
        pipeline.copy_published_state(con, load_published_state(run.models_dir), published)
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
    if erased := entry.removed_by((ERASED_RULE,)):
        notes.append(f"{erased:,} rows of erased people left out")
    for part in entry.parts:
        if part.landed.raw.name.lower() != entry.table.name:
            notes.append(f"landed as {part.landed.raw.name}")
        if missing := part.missing():
            notes.append(f"columns not landed: {', '.join(missing)}")
    if excluded := entry.removed.get("excluded"):
        notes.append(f"{excluded} rows excluded by seeds/exclusions.csv")
    rows = entry.total("rows")
    for column in entry.table.columns:
        if words := entry.total(f"word:{column.name}"):
            notes.append(f"{column.name}: {words / rows:.1%} of values are words for nothing, read as empty")
    return "; ".join(notes) or None


__all__ = ["ingest", "ingest_empty", "recheck_inputs"]
