"""Past days as partitions: what was known at the end of each, in a warehouse of its own.

Belongs here: the backfill job. Does not: building (the command line does, in a process of its own).

Not the assets of the daily build with a partition: a past day would become their newest materialization, and their
warehouse and live version are today's.
"""

import os
import shutil
import subprocess
from pathlib import Path

import dagster as dg

from crm_warehouse.access import PASSAGE
from crm_warehouse.privacy import vault
from crm_warehouse.settings import PROJECT_DIR, Settings
from orchestration.__main__ import command_line
from orchestration.steps import BUILDS

# Before anything a connected shop is likely to have landed; a day without data costs nothing until it is asked for.
FIRST_DAY = "2015-01-01"
_LINES_KEPT = 15
_OWN_VARIABLES = ("CRM_", "DBT_", "DAGSTER_")
# What is no warehouse's own: without the last two a past day would bring erased people and bad records back.
_INHERITED = {"CRM_MEMORY_LIMIT", "CRM_READERS_GROUP", "CRM_EXCLUSIONS", vault.KEY_VARIABLE}

days = dg.DailyPartitionsDefinition(
    start_date=FIRST_DAY, timezone=Settings.from_env().vars["reporting_timezone"]
)


class PastDayConfig(dg.Config):
    """What is kept of a past day."""

    keep_warehouse: bool = False
    """Keep the private warehouse and copies beside the published version; they are many times its size."""


def folder_of(settings: Settings, day: str) -> Path:
    """Where the warehouse of a past day is: beside the live one, never in it."""
    return settings.out / "as_of" / day


def day_environment() -> dict[str, str]:
    """This process's environment without what it says of the live warehouse."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or not name.startswith(_OWN_VARIABLES)
    }


@dg.op
def build_day(context: dg.OpExecutionContext, config: PastDayConfig) -> None:
    """Build the partition's day and publish it in its own folder."""
    settings = Settings.from_env()
    out = folder_of(settings, context.partition_key)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.parent.chmod(PASSAGE)
    process = subprocess.Popen(  # noqa: S603 - our own command
        command_line(settings, out=out, as_of=context.partition_key),
        cwd=PROJECT_DIR,
        env=day_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout or []:
        lines.append(line.rstrip())
        context.log.info(line.rstrip())
    if process.wait() != 0:
        raise dg.Failure("\n".join(lines[-_LINES_KEPT:]), allow_retries=False)
    if not config.keep_warehouse:
        _keep_only_published(out)
    context.add_output_metadata({"published": str(out / "published" / "marts.duckdb")})


def _keep_only_published(out: Path) -> None:
    (out / "warehouse.duckdb").unlink(missing_ok=True)
    for name in ("ingest", "target", "dagster"):
        shutil.rmtree(out / name, ignore_errors=True)


# After anything that readers wait for.
@dg.job(partitions_def=days, tags={**BUILDS, "dagster/priority": "-10", "dagster/max_retries": "0"})
def build_past_days() -> None:
    """Rebuild past days, one warehouse each, in `as_of/<day>/`; the live version is never touched."""
    build_day()
