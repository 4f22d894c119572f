"""What an ingest did, for the summary, the orchestrator's metadata and `pipeline.source_report`."""

from dataclasses import dataclass
from datetime import date, datetime

from crm_warehouse.ingest.discover import Source


@dataclass(frozen=True)
class TableReport:
    """One conformed table of one source; `row_count` is what models see.

    `status`: ok, empty (landed without rows), missing_optional (not landed), duplicates_resolved, quarantined.
    """

    source_name: str
    platform: str
    table_name: str
    status: str
    raw_row_count: int
    row_count: int
    deleted_count: int = 0
    duplicate_count: int = 0
    quarantined_count: int = 0
    later_count: int = 0
    newest_at: datetime | None = None
    note: str | None = None

    @property
    def remark(self) -> str | None:
        """What an operator should know about this table, if anything."""
        if self.status == "quarantined":
            return f"quarantined ({self.quarantined_count:,} of {self.raw_row_count:,} rows left aside)"
        if self.status == "duplicates_resolved":
            return f"duplicates resolved ({self.duplicate_count:,} of {self.raw_row_count:,} rows were older copies)"
        return "landed without rows" if self.status == "empty" else None


@dataclass(frozen=True)
class IngestReport:
    """One ingest: the sources it found, the moment it looks from, and every conformed table."""

    build_id: str
    sources: tuple[Source, ...]
    as_of_at: datetime
    as_of_date: date
    is_backdated: bool
    reporting_currency_code: str
    live_version: str | None
    tables: tuple[TableReport, ...]

    def row_count(self, source_name: str) -> int:
        """Rows of all conformed tables of one source."""
        return sum(table.row_count for table in self.tables if table.source_name == source_name)

    def summary(self) -> str:
        """A few lines for the terminal: rows by source and whatever deserves a look."""
        lines = [
            f"{source.name} ({source.platform}): {self.row_count(source.name):,} rows"
            for source in self.sources
        ]
        lines.append(
            f"as of {self.as_of_date} ({self.as_of_at} UTC), amounts in {self.reporting_currency_code}"
        )
        lines += [
            f"{table.source_name}.{table.table_name}: {text}"
            for table in self.tables
            if (text := table.remark)
        ]
        return "\n".join(lines)
