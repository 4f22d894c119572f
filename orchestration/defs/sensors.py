"""What starts a run, and what tells people that one failed.

Belongs here: sensors. Does not: jobs by the clock (schedules.py), or how a notification travels (crm_warehouse/notify).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from crm_warehouse.ingest.watch import Watch, raw_fingerprint
from crm_warehouse.notify import notify
from crm_warehouse.settings import Settings
from orchestration.defs.schedules import WAIT_FOR_LOCK, build
from orchestration.failures import notification_of


@dg.sensor(
    job=build,
    minimum_interval_seconds=60,
    description="Starts a build once new raw files have stopped changing (var raw_quiet_minutes).",
)
def raw_arrival(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run per state of the raw folder: a refused build is not repeated until the data changes."""
    settings = Settings.from_env()
    quiet = timedelta(minutes=settings.vars["raw_quiet_minutes"])
    before = Watch.from_text(context.cursor)
    after, is_due = before.look(raw_fingerprint(settings.raw), datetime.now(UTC), quiet)
    context.update_cursor(after.to_text())
    if not is_due:
        waiting = after.seen is not None and after.seen != after.started
        return dg.SkipReason("raw files are still changing" if waiting else "no new raw files")
    return dg.RunRequest(run_key=after.started, run_config=WAIT_FOR_LOCK)


@dg.run_failure_sensor(
    monitor_all_code_locations=False,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Passes every failed run to the notification hooks: log, webhook, or a function of your own.",
)
def failed_run(context: dg.RunFailureSensorContext) -> None:
    """Tell people what failed, where, and what readers see meanwhile."""
    events = [context.failure_event, *context.get_step_failure_events()]
    notify(notification_of(events, job=context.dagster_run.job_name, run_id=context.dagster_run.run_id))
