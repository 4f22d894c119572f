"""Triggers of journeys every hour, beside whatever builds.

Belongs here: the job and its timing. Does not: what a run does (crm_warehouse/journeys), or the triggers of the daily
build, which are a mart like others.
"""

import dagster as dg

from crm_warehouse.journeys import refresh_triggers
from crm_warehouse.settings import Settings
from orchestration.steps import LANE, RETRY, step_errors

# Runs of this job wait for each other in their lane; what may hold the lock is an erasure or `make triggers`.
WAIT_SECONDS = 600


@dg.op(retry_policy=RETRY)
def publish_triggers(context: dg.OpExecutionContext) -> None:
    """Conform what triggers read, compute them by the published customers, and switch readers to the new file."""
    with step_errors():
        done = refresh_triggers(Settings.from_env(), context.run_id, wait_seconds=WAIT_SECONDS)
    context.add_output_metadata(
        {
            "triggers": done.trigger_count,
            "as_of_at": done.as_of_at.isoformat(),
            "customers_of_version": done.base_version,
            "seconds": done.seconds,
        }
    )


# The next hour is soon enough for a run that was killed.
@dg.job(tags={LANE: "journeys", "dagster/priority": "20", "dagster/max_retries": "0"})
def hourly_triggers() -> None:
    """Who is due for which journey now, from fresh checkouts, orders and events; marts stay as they are."""
    publish_triggers()


@dg.schedule(
    job=hourly_triggers,
    cron_schedule="5 * * * *",
    execution_timezone=Settings.from_env().vars["reporting_timezone"],
    description="Every hour: a cart that was left an hour ago is an hour old once.",
)
def every_hour() -> dg.RunRequest:
    """A run as of the moment it starts: a late one tells what is due then."""
    return dg.RunRequest()
