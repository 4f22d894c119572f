"""dbt models as assets, dbt tests as blocking asset checks, and the Python steps in the gap between two selections.

Belongs here: how the dbt project maps onto the asset graph. Does not: business rules (SQL) or timing (schedules.py).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from crm_warehouse.clv import fit
from crm_warehouse.sentiment import score_messages
from crm_warehouse.transform import FIT_BOUNDARY, build_arguments, parsed_project, row_counts, run_dbt
from orchestration.dbt_events import dagster_events
from orchestration.manifest import TRANSLATOR, manifest
from orchestration.resources import WarehouseResource
from orchestration.steps import REFUSED, step_errors
from orchestration.translator import FIT_TABLES, source_key


@dbt_assets(
    manifest=manifest(), exclude=FIT_BOUNDARY, name="models_before_fit", dagster_dbt_translator=TRANSLATOR
)
def models_before_fit(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
    """Everything that does not need a fitted model: staging, identity, orders, roll-ups."""
    yield from _run_selection(context, warehouse, after_fit=False)


@dg.multi_asset(
    name="clv_fits",
    specs=[
        dg.AssetSpec(
            source_key("pipeline", table),
            deps=[
                dg.AssetKey(["intermediate", "int_clv_cells"]),
                dg.AssetKey(["intermediate", "int_clv_spend_cells"]),
                dg.AssetKey(["intermediate", "int_clv_backtest_histories"]),
            ],
            group_name="pipeline",
            kinds={"python"},
        )
        for table in FIT_TABLES
    ],
)
def clv_fits(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Purchase and spend model fitted on cells, and the choice of what scores each horizon by backtest."""
    with step_errors():
        report = fit(warehouse.settings(), context.run.run_id)
    metadata: dict[str, Any] = {
        "fit": str(report),
        "choice": "\n".join(report.decisions),
        "seconds": report.seconds,
    }
    for table in FIT_TABLES:
        yield dg.MaterializeResult(asset_key=source_key("pipeline", table), metadata=metadata)


@dg.asset(
    key=source_key("pipeline", "message_sentiments"),
    deps=[dg.AssetKey(["intermediate", "int_ticket_messages_unioned"])],
    group_name="pipeline",
    kinds={"python"},
)
def message_sentiments(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """How customers sound in their support messages: a score per message, computed once and on this machine."""
    with step_errors():
        report = score_messages(warehouse.settings(), context.run.run_id)
    return dg.MaterializeResult(
        metadata={"sentiment": str(report), "scored": report.scored_count, "seconds": report.seconds}
    )


@dbt_assets(
    manifest=manifest(), select=FIT_BOUNDARY, name="models_after_fit", dagster_dbt_translator=TRANSLATOR
)
def models_after_fit(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
    """Scores and everything that reads them: CLV, churn, support, customer 360, segments."""
    yield from _run_selection(context, warehouse, after_fit=True)


def _run_selection(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, *, after_fit: bool
) -> Iterator[Any]:
    settings = warehouse.settings()
    arguments = _subset(context) or build_arguments(after_fit=after_fit)
    # No retry: an interrupted invocation leaves a ledger that cannot be published; a new run starts over.
    with step_errors():
        run = run_dbt(
            arguments,
            settings=settings,
            build_id=context.run.run_id,
            manifest=parsed_project(settings),
        )
    yield from dagster_events(
        run,
        manifest=manifest(),
        translator=TRANSLATOR,
        row_counts=row_counts(settings, manifest()),
        check_keys=set(context.selected_asset_check_keys),
    )
    if run.failed:
        problems = "".join(f"\n- {r.unique_id.split('.')[2]}: {r.message}" for r in run.failed)
        raise dg.Failure(
            description=f"{len(run.failed)} dbt nodes failed, nothing is published:{problems}",
            metadata={REFUSED: True},
            allow_retries=False,
        )


def _subset(context: dg.AssetExecutionContext) -> list[str] | None:
    """The models picked in the UI; a whole step runs as the one selection that publishing accepts."""
    if not context.is_subset:
        return None
    names = [".".join(_fqn(key)) for key in context.selected_asset_keys]
    return [
        "build",
        "--select",
        *names,
        "--indirect-selection",
        "buildable",
        "--exclude-resource-type",
        "unit_test",
    ]


def _fqn(key: dg.AssetKey) -> list[str]:
    node = next(
        n for n in manifest()["nodes"].values() if _is_asset(n) and TRANSLATOR.get_asset_key(n) == key
    )
    fqn: list[str] = node["fqn"]
    return fqn


def _is_asset(node: dict[str, Any]) -> bool:
    return node["resource_type"] in {"model", "seed", "snapshot"}
