"""From Dagster's failure events to what people are told.

Belongs here: finding the reason of a failed run, free of personal data. Does not: sending it.

Dagster keeps the text of every exception. Only ours are made to be read by others, so of all else the type is told.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from crm_warehouse.errors import TransientError, WarehouseError
from crm_warehouse.notify import Notification
from crm_warehouse.publish.lock import WarehouseBusy
from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import Settings
from orchestration.steps import REFUSED

_TRANSIENT_ERRORS = {TransientError.__name__, WarehouseBusy.__name__}
_OUR_ERRORS = {WarehouseError.__name__, *_TRANSIENT_ERRORS}
_CHECK_ERROR = "DagsterAssetCheckFailedError"


def notification_of(events: Sequence[dg.DagsterEvent], *, job: str, run_id: str) -> Notification:
    """The notification for a failed run, from its failure events; a step's reason counts before the run's."""
    steps = [event for event in events if event.is_step_failure]
    event = steps[0] if steps else events[0]
    message, is_refusal = reason(event)
    live = live_version(Settings.from_env())
    return Notification(
        kind="gate_refused" if is_refusal else "run_failed",
        job=job,
        build_id=run_id,
        step=event.step_key,
        message=message,
        live_version=live.version if live else None,
    )


def reason(event: dg.DagsterEvent) -> tuple[str, bool]:
    """Why a step or a run failed, and whether a gate or a proof refused."""
    data: Any = event.event_specific_data
    failure = getattr(data, "user_failure_data", None)
    if failure and failure.description:
        return str(failure.description), REFUSED in (failure.metadata or {})
    errors = list(_chain(getattr(data, "error", None)))
    for error in errors:
        if error.cls_name in _OUR_ERRORS:
            return str(error.message).split(": ", 1)[-1].strip(), error.cls_name not in _TRANSIENT_ERRORS
        if error.cls_name == _CHECK_ERROR:
            return "A blocking check failed; the asset's checks say which.", True
    kind = errors[-1].cls_name if errors else "The run ended without a reason: its process was killed"
    return f"{kind}.", False


def _chain(error: Any) -> Iterator[Any]:
    while error:
        yield error
        error = error.cause
