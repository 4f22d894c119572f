"""Where one warehouse lives and what it is built from.

Belongs here: paths, project vars and the environment variables that carry them between processes.
Does not: anything that opens a database.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from crm_warehouse.errors import WarehouseError

PROJECT_DIR = Path(__file__).resolve().parents[1]
DEFAULT_OUT = PROJECT_DIR / "data"
JOURNEYS_DIR = "journeys"
"""Folder of a warehouse in which its hourly runs have a private one of their own."""


@dataclass(frozen=True)
class Settings:
    """One warehouse: its raw input, its output folder and the day it is built for.

    Attributes:
        raw: Folder of `<source>/<table>.parquet|csv|jsonl`, or a DuckDB file with one schema per source.
        out: Folder that holds the private warehouse, the ingested copies and `published/`.
        as_of: Build what was known at the end of this day (reporting time zone); None resolves it from the data.
        var_overrides: Project vars that differ from dbt_project.yml for this warehouse.
    """

    raw: Path
    out: Path
    as_of: date | None = None
    var_overrides: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the settings that `to_env` wrote, with the sample shop's locations as defaults."""
        out = Path(os.environ.get("CRM_OUT", DEFAULT_OUT)).resolve()
        as_of = os.environ.get("CRM_AS_OF")
        return cls(
            raw=Path(os.environ.get("CRM_RAW", out / "sample_raw")).resolve(),
            out=out,
            as_of=date.fromisoformat(as_of) if as_of else None,
            var_overrides=json.loads(os.environ.get("CRM_VARS", "{}")),
        )

    def to_env(self) -> dict[str, str]:
        """The environment that makes another process (dbt, the audit, a Dagster run) see the same warehouse."""
        return {
            "CRM_RAW": str(self.raw),
            "CRM_OUT": str(self.out),
            "CRM_AS_OF": self.as_of.isoformat() if self.as_of else "",
            "CRM_VARS": json.dumps(self.var_overrides),
            "CRM_WAREHOUSE_PATH": str(self.warehouse_path),
        }

    @property
    def warehouse_path(self) -> Path:
        """The private read-write database; readers never open it."""
        return self.out / "warehouse.duckdb"

    @property
    def ingest_dir(self) -> Path:
        """Parquet copies of raw input that cannot be read in place (CSV, JSON, DuckDB)."""
        return self.out / "ingest"

    @property
    def published_dir(self) -> Path:
        """What readers see: `marts.duckdb` -> `current/marts.duckdb` -> `versions/<version>/marts.duckdb`."""
        return self.out / "published"

    @property
    def lock_path(self) -> Path:
        """One writer at a time: held from ingest to publish."""
        return self.out / ".writer.lock"

    @property
    def exclusions_path(self) -> Path:
        """Records that people know to be bad."""
        return Path(os.environ.get("CRM_EXCLUSIONS", PROJECT_DIR / "seeds" / "exclusions.csv"))

    @property
    def memory_limit(self) -> str:
        """What one DuckDB connection may use before it spills to disk; profiles.yml reads the same variable."""
        return os.environ.get("CRM_MEMORY_LIMIT", "6.5GB")

    @cached_property
    def vars(self) -> dict[str, Any]:
        """Project vars of dbt_project.yml, with this warehouse's overrides on top."""
        project = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
        return {**project["vars"], **self.var_overrides}


@contextmanager
def making_out(settings: Settings) -> Iterator[None]:
    """Make the output folder, and say of it what goes wrong in the block that fills it.

    Raises:
        WarehouseError: It cannot be made or written.
    """
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        reason = "a file is in its place" if isinstance(error, FileExistsError) else error.strerror
        raise WarehouseError(
            f"The output folder {settings.out} cannot be used: {reason} ({error.filename}). Name a folder that this "
            "account can write (--out, or OUT of make)."
        ) from None


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables of this process that hold within the block; what they hid is back after it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
