"""The pages people look at, built from the audited candidate and published with it.

Belongs here: where they stand between audit and publication. Does not: what is in them (crm_warehouse/report).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from crm_warehouse.publish.layout import candidate_dir
from crm_warehouse.report.documents import write_documents
from orchestration.gates import CANDIDATE
from orchestration.resources import WarehouseResource
from orchestration.steps import RETRY, step_errors

REPORT = dg.AssetKey(["published", "report"])


@dg.asset(
    key=REPORT,
    deps=[CANDIDATE],
    check_specs=[
        dg.AssetCheckSpec(
            "report_is_written",
            asset=REPORT,
            blocking=False,
            description="The report and dbt's documentation could be written; marts are published without them.",
        )
    ],
    group_name="published",
    kinds={"html"},
    retry_policy=RETRY,
)
def report(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[Any]:
    """The report and dbt's documentation, one HTML file each, in the candidate's folder."""
    settings = warehouse.settings()
    with step_errors():
        documents = write_documents(settings, context.run.run_id)
    folder = candidate_dir(settings, context.run.run_id)
    yield dg.MaterializeResult(
        metadata={
            **{name: dg.MetadataValue.path(folder / name) for name in documents.sizes},
            "bytes": sum(documents.sizes.values()),
            "seconds": documents.seconds,
        }
    )
    yield dg.AssetCheckResult(
        check_name="report_is_written",
        passed=not documents.problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=dict(documents.problems),
    )
