"""Where candidates and versions live, and what is written about them.

Belongs here: names of folders and files, and the records they hold. Does not: checks or the switch.

    published/marts.duckdb -> current/marts.duckdb   what readers open
    published/marts_no_personal_data.duckdb          the same for readers who must not see who anybody is
    published/report.html, dbt_docs.html, quality.html   what people look at
    published/current      -> versions/<version>     replaced atomically
    published/versions/<version>/                    marts.duckdb with candidate, audit and manifest records,
                                                     documents, parquet/<table>.parquet if the project asks for it
    published/.staging/<build_id>/                   the same folder before it is published
    published/history.jsonl                          which version was live from when
    published/latest.json, published_versions.parquet    the same for readers
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import read_json
from crm_warehouse.settings import Settings

MARTS_FILE = "marts.duckdb"
IMPERSONAL_FILE = "marts_no_personal_data.duckdb"
CANDIDATE_FILE = "candidate.json"
AUDIT_FILE = "audit.json"
MANIFEST_FILE = "manifest.json"
PARQUET_DIR = "parquet"
QUALITY_FILE = "quality.html"
QUALITY_RESULTS_FILE = "quality.json"
SITE_FILE = "report.html"
DBT_DOCS_FILE = "dbt_docs.html"
DOCUMENTS = (SITE_FILE, DBT_DOCS_FILE, QUALITY_FILE)
"""What people open in a browser; `published/<name>` leads to that of the live version."""


def staging_dir(settings: Settings) -> Path:
    """Candidates that are not published yet; the next build deletes what an interrupted one leaves here."""
    return settings.published_dir / ".staging"


def candidate_dir(settings: Settings, build_id: str) -> Path:
    """The candidate of one build."""
    return staging_dir(settings) / build_id


def versions_dir(settings: Settings) -> Path:
    """One folder per kept version, named by time."""
    return settings.published_dir / "versions"


def current_link(settings: Settings) -> Path:
    """The symlink whose target is the live version."""
    return settings.published_dir / "current"


def history_file(settings: Settings) -> Path:
    """Every switch, oldest first."""
    return settings.published_dir / "history.jsonl"


@dataclass(frozen=True)
class Candidate:
    """A staged file and what it was made from: the record in `candidate.json`.

    Attributes:
        folder: Where the file and its record are.
        version: Name it gets when published; sorts by time.
        build_id: Build that made it.
        as_of_at: Inclusive upper bound of everything known, UTC.
        as_of_date: The same as a day of the reporting time zone.
        live_version: Version that was live when the build started; its state was the base of this build.
        created_at: When it was staged, UTC.
        sha256: Hash of the file.
        tables: Per table: `rows`, `columns` (name, type), `keys` (column lists that are unique), `owner`.
        sources: The build's source report.
        warnings: dbt nodes that ended with a warning.
        record: Everything above and more, as written.
    """

    folder: Path
    version: str
    build_id: str
    as_of_at: datetime
    as_of_date: date
    live_version: str | None
    created_at: datetime
    sha256: str
    tables: dict[str, dict[str, Any]]
    sources: list[dict[str, Any]]
    warnings: list[str]
    record: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Candidate":
        """Read the record that staging wrote into `folder`."""
        record = read_json(folder / CANDIDATE_FILE)
        with _complete(folder / CANDIDATE_FILE):
            return cls(
                folder=folder,
                version=record["version"],
                build_id=record["build_id"],
                as_of_at=datetime.fromisoformat(record["as_of_at"]),
                as_of_date=date.fromisoformat(record["as_of_date"]),
                live_version=record["live_version"],
                created_at=datetime.fromisoformat(record["created_at"]),
                sha256=record["files"][MARTS_FILE]["sha256"],
                tables=record["tables"],
                sources=record["sources"],
                warnings=record["proof"]["warnings"],
                record=record,
            )

    @property
    def marts_path(self) -> Path:
        """The DuckDB file."""
        return self.folder / MARTS_FILE

    @property
    def row_counts(self) -> dict[str, int]:
        """Rows per table."""
        return {name: table["rows"] for name, table in self.tables.items()}


@dataclass(frozen=True)
class PublishedVersion:
    """A sealed version: the record in its `manifest.json`.

    Attributes:
        folder: `published/versions/<version>`.
        version: Its name; sorts by time.
        build_id: Build that made it.
        as_of_at: Inclusive upper bound of everything known, UTC.
        as_of_date: The same as a day of the reporting time zone.
        is_live: Whether readers see it.
        row_counts: Rows per table.
        manifest: Everything above and more, as sealed.
    """

    folder: Path
    version: str
    build_id: str
    as_of_at: datetime
    as_of_date: date
    is_live: bool
    row_counts: dict[str, int]
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, *, is_live: bool) -> "PublishedVersion":
        """Read the manifest that publishing sealed into `folder`."""
        manifest = read_json(folder / MANIFEST_FILE)
        with _complete(folder / MANIFEST_FILE):
            return cls(
                folder=folder,
                version=manifest["version"],
                build_id=manifest["build_id"],
                as_of_at=datetime.fromisoformat(manifest["as_of_at"]),
                as_of_date=date.fromisoformat(manifest["as_of_date"]),
                is_live=is_live,
                row_counts={name: table["rows"] for name, table in manifest["tables"].items()},
                manifest=manifest,
            )

    @property
    def marts_path(self) -> Path:
        """The DuckDB file of this version."""
        return self.folder / MARTS_FILE


@contextmanager
def _complete(path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise WarehouseError(f"{path} is incomplete ({error!r}): it was edited. Build again.") from error
