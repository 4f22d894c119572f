"""What a run needs to know: which warehouse it builds, and that nobody else builds it.

Belongs here: run configuration and the writer lock's lifetime. Does not: pipeline steps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field

from crm_warehouse.access import private_files
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.settings import Settings


class WarehouseResource(dg.ConfigurableResource["WarehouseResource"]):
    """The warehouse a run builds. Empty fields fall back on the CRM_* environment of the process."""

    raw: str = Field(default="", description="Folder or .duckdb file with the raw tables.")
    out: str = Field(default="", description="Folder of the warehouse and its published versions.")
    as_of: str = Field(default="", description="Build what was known at the end of this day (YYYY-MM-DD).")
    wait_minutes: int = Field(default=0, description="How long to wait for another writer before giving up.")

    def settings(self) -> Settings:
        """The settings of this run."""
        base = Settings.from_env()
        return Settings(
            raw=Path(self.raw).resolve() if self.raw else base.raw,
            out=Path(self.out).resolve() if self.out else base.out,
            as_of=date.fromisoformat(self.as_of) if self.as_of else base.as_of,
            var_overrides=base.var_overrides,
        )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseResource"]:
        """Hold the writer lock for the whole run: UI, schedule and command line exclude each other."""
        settings = self.settings()
        build_id = context.run.run_id if context.run else "unknown"
        with (
            private_files(settings),
            writer_lock(settings, build_id=build_id, wait_seconds=60 * self.wait_minutes),
        ):
            yield self
