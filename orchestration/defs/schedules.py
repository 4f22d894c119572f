"""When builds run.

Belongs here: jobs and their timing. Does not: what a build does (the other modules of this folder).
"""

from datetime import timedelta

import dagster as dg

from crm_warehouse.settings import Settings

build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all(),
    description="Raw tables to published marts, every gate included.",
)


@dg.schedule(
    job=build,
    cron_schedule="0 5 * * *",
    execution_timezone=Settings.from_env().vars["reporting_timezone"],
    description="Every morning, for the day that has just ended: loaders have had five hours to land it.",
)
def daily_build(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Pass the day explicitly, so that a late or repeated run builds the same day."""
    day = (context.scheduled_execution_time - timedelta(days=1)).date().isoformat()
    return dg.RunRequest(
        run_key=day,
        run_config=dg.RunConfig(resources={"warehouse": {"config": {"as_of": day}}}),
        tags={"as_of": day},
    )
