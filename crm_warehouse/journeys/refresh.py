"""One hourly run, from raw tables to the published file.

Belongs here: the order of the steps and where they work. Does not: lineage (plan.py) or the file (publication.py).

It works in a folder of its own under a lock of its own, so that it neither waits for a build nor disturbs one: a build
may run, publish or roll back meanwhile. What it leaves there holds no data.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from crm_warehouse.access import private_files
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest
from crm_warehouse.ingest.declaration import load_platforms
from crm_warehouse.ingest.report import IngestReport
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.journeys.plan import TRIGGERS, Plan, hourly_plan
from crm_warehouse.journeys.publication import (
    hourly_settings,
    put_in_place,
    remove_working_data,
    write_triggers,
)
from crm_warehouse.privacy import vault
from crm_warehouse.publish.files import disk_errors
from crm_warehouse.publish.layout import PublishedVersion
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.stage import published_marts, version_facts
from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import Settings, environment
from crm_warehouse.transform import read_manifest, run_dbt

logger = logging.getLogger(__name__)

# The marts are wide: of those that are copied whole it would be most of the hour's work.
_COLUMNS = {
    "customer_360": (
        "customer_key", "as_of", "email", "phone", "segment_keys", "last_ordered_at", "is_email_contactable",
        "is_email_suppressed", "is_email_bounced", "has_marked_email_spam", "is_sms_contactable",
        "email_consent_at", "is_sms_suppressed", "is_sms_bounced", "sms_consent_at",
    ),
    "customer_identifiers": ("record_key", "customer_key", "email_normalized"),
    "customer_keys": ("customer_key", "current_customer_key"),
}  # fmt: skip


@dataclass(frozen=True)
class Refreshed:
    """What a run published.

    Attributes:
        as_of_at: The moment the triggers are of, UTC.
        base_version: The version of the marts they rest on.
        trigger_count: Customers and journeys that are due.
        seconds: Wall time.
    """

    as_of_at: datetime
    base_version: str
    trigger_count: int
    seconds: float


def refresh_triggers(
    settings: Settings, build_id: str | None = None, *, at: datetime | None = None, wait_seconds: float = 0
) -> Refreshed:
    """Compute who is due now and let readers see it; the published marts stay as they are.

    Args:
        settings: The warehouse whose raw input and live version are read.
        build_id: Identifies the run; a new one by default.
        at: As of when (UTC); now by default.
        wait_seconds: How long to wait for another such run to finish.

    Raises:
        WarehouseError: nothing is published yet, raw tables cannot be used, or a test failed. Readers keep what
            they had.
    """
    started = datetime.now(UTC)
    own = hourly_settings(settings)
    build_id = build_id or secrets.token_hex(6)
    with private_files(settings), writer_lock(own, build_id, wait_seconds=wait_seconds):
        live = live_version(settings)
        if live is None:
            raise WarehouseError("Nothing is published yet, so nobody is known. Build first.")
        remove_working_data(own)
        try:
            with environment(_own_dbt(own)):
                count, report = _refresh(settings, own, live, build_id, at)
        finally:
            remove_working_data(own)
    seconds = round((datetime.now(UTC) - started).total_seconds(), 1)
    logger.info("%d triggers are due as of %s", count, report.as_of_at)
    return Refreshed(report.as_of_at, live.version, count, seconds)


def _refresh(
    settings: Settings, own: Settings, live: PublishedVersion, build_id: str, at: datetime | None
) -> tuple[int, IngestReport]:
    manifest = read_manifest(own)
    plan = hourly_plan(manifest, load_platforms())
    now = datetime.now(UTC).replace(tzinfo=None)
    report = ingest(own, build_id, at=at or now, only=plan.tables)
    _copy_published(settings, own, live, plan)
    _run(own, build_id, plan)
    (mart,) = (mart for mart in published_marts(manifest) if mart.name == TRIGGERS)
    path, count = write_triggers(own, mart, version_facts(live.version, report, now))
    put_in_place(settings, path)
    return count, report


def _copy_published(settings: Settings, own: Settings, live: PublishedVersion, plan: Plan) -> None:
    """Bring the live marts to where models look for them, without whoever has asked to be erased."""
    leaving = sorted({key for request in vault.open_requests(settings) for key in request.customer_keys})
    with (
        disk_errors("copy the published customers"),
        duckdb.connect(str(own.warehouse_path), config={"memory_limit": own.memory_limit}) as con,
    ):
        con.execute(f"attach {literal(str(live.marts_path.resolve()))} as live (read_only)")
        con.execute("create schema if not exists marts")
        for name in plan.copied:
            columns = ", ".join(map(identifier, _COLUMNS.get(name, ()))) or "*"
            con.execute(
                f"create table marts.{identifier(name)} as select {columns} from live.main.{identifier(name)} "
                "where not list_contains($1, customer_key)",
                [leaving],
            )


def _run(own: Settings, build_id: str, plan: Plan) -> None:
    arguments = ["build", "--select", *plan.nodes, "--indirect-selection", "empty"]
    outcome = run_dbt([*arguments, "--exclude-resource-type", "unit_test"], settings=own, build_id=build_id)
    succeeded = {result.unique_id for result in outcome.results if result.is_ok}
    if outcome.failed or plan.unique_ids - succeeded:
        problems = [f"{node.unique_id.split('.')[2]}: {node.message}" for node in outcome.failed]
        missing = sorted(unique_id.split(".")[2] for unique_id in plan.unique_ids - succeeded)
        told = problems or [f"{name} did not run" for name in missing]
        raise WarehouseError("Triggers are not published:" + "".join(f"\n- {problem}" for problem in told))


def _own_dbt(own: Settings) -> dict[str, str]:
    """Artifacts of its own: a build beside it reads its manifest at every step. Kept, since parsing takes longest.

    dbt parses everything anew when a variable that profiles.yml reads has changed, so all of them are set at once.
    """
    artifacts = {"DBT_TARGET_PATH": str(own.out / "target"), "DBT_LOG_PATH": str(own.out / "logs")}
    return {**own.to_env(), **artifacts}
