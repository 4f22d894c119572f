"""What every step of a run shares: how its errors reach Dagster.

Belongs here: the translation of exceptions into failures that are retried or not. Does not: steps.

Dagster stores the whole chain of an exception, and an exception's text may quote the data, so nothing is chained.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from crm_warehouse.errors import TransientError, WarehouseError
from crm_warehouse.publish.files import disk_errors

REFUSED = "refused"
"""Metadata of a failure that a gate or a proof decided."""

LANE = "crm/lane"
"""Tag of jobs: of each value one run at a time (orchestration/dagster.yaml)."""

BUILDS = {LANE: "builds"}
"""Jobs that write the warehouse or switch its versions."""

RETRY = dg.RetryPolicy(max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL)
"""For steps that start over when run again: only a `TransientError` comes back to it."""


@contextmanager
def step_errors() -> Iterator[None]:
    """Show a `WarehouseError` by its message, anything else by its type and place, and retry only what may pass."""
    try:
        with disk_errors("finish this step"):
            yield
    except dg.Failure:
        raise
    except WarehouseError as error:
        is_transient = isinstance(error, TransientError)
        metadata = {} if is_transient else {REFUSED: True}
        raise dg.Failure(str(error), metadata=metadata, allow_retries=is_transient) from None
    except Exception as error:
        places = " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
            for frame in reversed(traceback.extract_tb(error.__traceback__)[-4:])
        )
        raise dg.Failure(
            f"Unexpected {type(error).__name__} at {places}. Its text may hold personal data and is not kept; "
            "run the same step from a shell to see it.",
            allow_retries=False,
        ) from None
