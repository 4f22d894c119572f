"""When builds run.

Belongs here: jobs and their timing. Does not: what a build does (the other modules of this folder).
"""

from datetime import timedelta

import dagster as dg

from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import Settings
from orchestration.steps import BUILDS

# A run that was not started by a person waits for one that was: a build of a large shop takes an hour.
WAIT_FOR_LOCK = {"resources": {"warehouse": {"config": {"wait_minutes": 120}}}}

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all(),
    description="Raw tables to published marts, every gate included.",
    # A run whose process was killed starts over: half a warehouse proves nothing.
    tags={**BUILDS, "dagster/retry_strategy": "ALL_STEPS", "dagster/priority": "10"},
)


@dg.schedule(
    job=build,
    cron_schedule="0 5 * * *",
    execution_timezone=Settings.from_env().vars["reporting_timezone"],
    description="Every morning, for the day that has just ended: loaders have had five hours to land it.",
)
def daily_build(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Pass the day explicitly, so that a late or repeated run builds the same day."""
    day = (context.scheduled_execution_time - timedelta(days=1)).date()
    live = live_version(Settings.from_env())
    if live and live.as_of_date > day:
        return dg.SkipReason(f"readers see {live.as_of_date} already, and never go back in time")
    config = {**WAIT_FOR_LOCK["resources"]["warehouse"]["config"], "as_of": day.isoformat()}
    return dg.RunRequest(
        run_key=day.isoformat(),
        run_config={"resources": {"warehouse": {"config": config}}},
        tags={"as_of": day.isoformat()},
    )
