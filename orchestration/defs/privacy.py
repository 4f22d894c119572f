"""The last step of a build that erased somebody: prove that they are found nowhere.

Belongs here: how the proof shows in the UI. Does not: the search (crm_warehouse/privacy). What is erased before the
build is part of `conform`, which may not run without it.
"""

import dagster as dg

from crm_warehouse.privacy.erase import prove_erasures
from orchestration.defs.publish import publish
from orchestration.resources import WarehouseResource
from orchestration.steps import step_errors


@dg.asset(
    key=dg.AssetKey(["privacy", "erasure_proof"]),
    deps=list(publish.keys),
    group_name="privacy",
    kinds={"duckdb"},
)
def erasure_proof(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Every column and the bytes of every file searched for the people this build erased; their requests closed."""
    with step_errors():
        receipts = prove_erasures(warehouse.settings(), context.run.run_id)
    return dg.MaterializeResult(metadata={"requests": len(receipts), **(receipts[0] if receipts else {})})
