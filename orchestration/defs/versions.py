"""Going back to an earlier version from the UI.

Belongs here: the rollback job. Does not: what going back means (crm_warehouse/publish/rollback.py).
"""

import dagster as dg

from crm_warehouse.publish.rollback import rollback as roll_back
from orchestration.resources import WarehouseResource
from orchestration.steps import BUILDS, step_errors


class RollbackConfig(dg.Config):
    """Where to go back to."""

    version: str = ""
    """A kept version; empty takes the newest one that is older than the live one."""


@dg.op
def switch_to_earlier_version(
    context: dg.OpExecutionContext, config: RollbackConfig, warehouse: WarehouseResource
) -> None:
    """Verify a kept version and let readers see it again."""
    with step_errors():
        live = roll_back(warehouse.settings(), config.version or None, build_id=context.run_id)
    context.log.info(f"readers see {live.version}, as of {live.as_of_date}")
    context.add_output_metadata({"version": live.version, "as_of": str(live.as_of_date)})


@dg.job(tags={**BUILDS, "dagster/priority": "20"})
def rollback() -> None:
    """Let readers see an earlier version again: the one before the live one, or the one in the config."""
    switch_to_earlier_version()
