"""Candidate -> audit -> report -> publish: readers get a version only when every proof is there.

Belongs here: the order of the steps and how they show in the UI. Does not: the proofs (crm_warehouse/publish), the
rules (crm_warehouse/quality) or the report (report.py).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from crm_warehouse.publish.layout import QUALITY_FILE
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.quality.run import run_audit
from orchestration.defs.report import REPORT
from orchestration.gates import CANDIDATE, gate_metadata
from orchestration.manifest import TRANSLATOR, manifest
from orchestration.resources import WarehouseResource
from orchestration.steps import RETRY, step_errors

# The daily build, and as much again before somebody is called: a refused build has then had a working day.
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


def _marts() -> list[dict[str, Any]]:
    return [
        node
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "model"
        and node["fqn"][1] == "marts"
        and node["config"]["meta"].get("publish", True)
    ]


@dg.asset(
    key=CANDIDATE,
    deps=[TRANSLATOR.get_asset_key(node) for node in _marts()],
    check_specs=[
        dg.AssetCheckSpec(
            "release_audit",
            asset=CANDIDATE,
            blocking=True,
            description="Great Expectations on the candidate file, read-only, in its own process.",
        )
    ],
    group_name="published",
    kinds={"duckdb", "greatexpectations"},
    retry_policy=RETRY,
)
def candidate(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
    """The marts copied into one private file, then audited; refused unless this build ran and passed everything."""
    settings = warehouse.settings()
    with step_errors():
        staged = stage_candidate(settings, context.run.run_id)
        audit = run_audit(settings, context.run.run_id)
    yield dg.MaterializeResult(metadata={"tables": len(staged.row_counts), "sha256": staged.sha256})
    yield dg.AssetCheckResult(
        check_name="release_audit",
        passed=audit.passed,
        metadata=gate_metadata(audit.rules, staged.folder / QUALITY_FILE),
    )


@dg.multi_asset(
    name="publish",
    retry_policy=RETRY,
    specs=[
        dg.AssetSpec(
            dg.AssetKey(["published", node["name"]]),
            deps=[CANDIDATE, REPORT, TRANSLATOR.get_asset_key(node)],
            description=node["description"],
            group_name="published",
            kinds={"duckdb"},
            freshness_policy=DAILY,
        )
        for node in _marts()
    ],
)
def publish(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Switch readers to the audited candidate in one atomic rename."""
    with step_errors():
        version = publish_candidate(warehouse.settings(), context.run.run_id)
    for node in _marts():
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(["published", node["name"]]),
            metadata={"dagster/row_count": version.row_counts[node["name"]], "version": version.version},
        )
