"""Raw tables -> conformed, typed relations, with the arrival report.

Belongs here: how raw and conformed tables appear as assets. Does not: what conforming means (crm_warehouse/ingest).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from crm_warehouse.ingest import ingest
from crm_warehouse.privacy.erase import apply_erasures
from crm_warehouse.quality.measures import quality_dir
from crm_warehouse.quality.run import check_arrival
from orchestration.gates import gate_metadata
from orchestration.manifest import manifest
from orchestration.resources import WarehouseResource
from orchestration.steps import RETRY, step_errors
from orchestration.translator import FIT_TABLES, source_key

RUN_CONTEXT = source_key("pipeline", "run_context")


def _sources() -> list[dict[str, Any]]:
    """Every dbt source that ingest writes; fits and sentiments are assets of their own."""
    steps = {*FIT_TABLES, "message_sentiments"}
    return [s for s in manifest()["sources"].values() if s["name"] not in steps]


def _is_platform(source: dict[str, Any]) -> bool:
    return source["source_name"] not in {"pipeline", "published_state"}


def _raw_key(source: dict[str, Any]) -> dg.AssetKey:
    return dg.AssetKey(["raw", source["source_name"], source["name"]])


raw_tables = [
    dg.AssetSpec(
        _raw_key(source),
        description=f"Landed by the loader, never modified. {source['description']}",
        group_name=f"raw_{source['source_name']}",
    )
    for source in _sources()
    if _is_platform(source)
]


@dg.multi_asset(
    name="conform",
    retry_policy=RETRY,
    specs=[
        dg.AssetSpec(
            source_key(source["source_name"], source["name"]),
            deps=[_raw_key(source)] if _is_platform(source) else [],
            description=source["description"],
            group_name="conformed" if _is_platform(source) else source["source_name"],
            kinds={"duckdb"},
        )
        for source in _sources()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "arrival_gate",
            asset=RUN_CONTEXT,
            blocking=True,
            description="What arrived beside what used to arrive: Great Expectations over figures of every raw table.",
        )
    ],
)
def conform(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
    """Check and type every raw table and judge what arrived; stop the run with the list of problems."""
    settings = warehouse.settings()
    with step_errors():
        apply_erasures(settings, context.run.run_id)
        report = ingest(settings, context.run.run_id)
        gate = check_arrival(settings, context.run.run_id)
    yield dg.AssetCheckResult(
        asset_key=RUN_CONTEXT,
        check_name="arrival_gate",
        passed=gate.passed,
        metadata=gate_metadata(gate.rules, quality_dir(settings, context.run.run_id)),
    )
    for source in _sources():
        yield dg.MaterializeResult(
            asset_key=source_key(source["source_name"], source["name"]),
            metadata=_table_metadata(report, source),
        )


def _table_metadata(report: Any, source: dict[str, Any]) -> dict[str, Any]:
    tables = [
        t for t in report.tables if (t.platform, t.table_name) == (source["source_name"], source["name"])
    ]
    if not tables:
        return {}
    return {
        "dagster/row_count": sum(t.row_count for t in tables),
        "quarantined_rows": sum(t.quarantined_count for t in tables),
        "status": ", ".join(f"{t.source_name}: {t.status}" for t in tables),
    }
