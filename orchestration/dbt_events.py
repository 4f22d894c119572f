"""dbt results as Dagster events.

Belongs here: the mapping from one finished dbt invocation to outputs and check results. dagster-dbt's own mapping
is tied to its subprocess resource, which calls PyPI (`dbt --version`) and pays dbt's start-up per step.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from crm_warehouse.transform import DbtRun, NodeResult
from orchestration.translator import WarehouseTranslator

_ASSETS = ("model.", "seed.", "snapshot.")
"""What dbt builds; it also lists hooks and exposures."""


def dagster_events(
    run: DbtRun,
    *,
    manifest: Mapping[str, Any],
    translator: WarehouseTranslator,
    row_counts: Mapping[str, int],
    check_keys: set[dg.AssetCheckKey],
) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
    """Yield an output per built node and a check result per test that ran, in dbt's order."""
    for result in run.results:
        if result.unique_id.startswith("test."):
            yield from _check_result(result, manifest, translator, check_keys)
        elif result.is_ok and result.unique_id.startswith(_ASSETS):
            yield _output(result, manifest, translator, row_counts)


def _output(
    result: NodeResult,
    manifest: Mapping[str, Any],
    translator: WarehouseTranslator,
    row_counts: Mapping[str, int],
) -> dg.Output[None]:
    node = manifest["nodes"][result.unique_id]
    metadata: dict[str, Any] = {"seconds": result.seconds, "materialized": node["config"]["materialized"]}
    if result.unique_id in row_counts:
        metadata["dagster/row_count"] = row_counts[result.unique_id]
    return dg.Output(
        None, output_name=translator.get_asset_key(node).to_python_identifier(), metadata=metadata
    )


def _check_result(
    result: NodeResult,
    manifest: Mapping[str, Any],
    translator: WarehouseTranslator,
    check_keys: set[dg.AssetCheckKey],
) -> Iterator[dg.AssetCheckResult]:
    key = get_asset_check_key_for_test(manifest, translator, result.unique_id, project=None)
    if key is None or key not in check_keys or result.status == "skipped":
        return
    yield dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata={"failing_rows": result.failures or 0, "seconds": result.seconds}
        | ({} if result.is_ok else {"found": result.message}),
    )
