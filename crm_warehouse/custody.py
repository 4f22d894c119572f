"""Chain of custody of the private warehouse: which steps of which build left its file as it is.

Belongs here: recording the file's state around each step that writes it, and proving the record unbroken. Does not:
what the steps do (ingest, dbt, the CLV fit) or what dbt did (publish/ledger.py).

dbt's ledger knows what dbt did. `dbt run-operation` and SQL typed into the file write no row there, but no write
escapes the file: DuckDB's header counts every checkpoint, and what is not checkpointed is in the WAL beside it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings

_FILE = ".custody.jsonl"
# The main header and both database headers, one block of 4 KiB each.
_HEADER_BYTES = 3 * 4096

State = dict[str, Any]


def warehouse_state(settings: Settings) -> State:
    """What changes with every write to the warehouse: header, size and write time, and the WAL's size."""
    path = settings.warehouse_path
    if not path.exists():
        return {}
    with path.open("rb") as file:
        header = hashlib.sha256(file.read(_HEADER_BYTES)).hexdigest()
    stat = path.stat()
    wal = path.with_name(f"{path.name}.wal")
    return {
        "header": header,
        "bytes": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "wal_bytes": wal.stat().st_size if wal.exists() else 0,
    }


@contextmanager
def custody(settings: Settings, build_id: str, step: str, *, starts_build: bool = False) -> Iterator[None]:
    """Record that the block is the step `step` of a build; everything it opened must be closed at its end.

    A step that raises is not recorded: what it wrote is nobody's, and breaks the chain.

    Args:
        settings: The warehouse that the block writes.
        build_id: The build the step belongs to.
        step: Its name, for messages.
        starts_build: The step replaces what earlier builds made; the chain begins here.
    """
    before = warehouse_state(settings)
    yield
    entry = {"build_id": build_id, "step": step, "before": before, "after": warehouse_state(settings)}
    path = settings.out / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if starts_build else "a") as file:
        file.write(json.dumps(entry) + "\n")


def prove_custody(settings: Settings, build_id: str) -> State:
    """Prove that only recorded steps of `build_id` have written the warehouse since its ingest.

    Returns:
        The state they left, for comparison later on.

    Raises:
        WarehouseError: naming the steps between which something else wrote.
    """
    expected: State | None = None
    last = ""
    for entry in _chain(settings, build_id):
        if expected is not None and entry["before"] != expected:
            raise _broken(f"between its steps {last} and {entry['step']}")
        expected, last = entry["after"], entry["step"]
    if expected is None:
        raise WarehouseError(f"There is no record of the steps of build {build_id}. Build again.")
    if warehouse_state(settings) != expected:
        raise _broken(f"after its step {last}")
    return expected


def _chain(settings: Settings, build_id: str) -> Iterator[dict[str, Any]]:
    path = settings.out / _FILE
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            raise WarehouseError(f"{path} is cut off: a step was interrupted. Build again.") from None
        if entry["build_id"] != build_id:
            raise WarehouseError(
                f"A step of build {entry['build_id']} ({entry['step']}) is among those of build {build_id}. "
                "Build again."
            )
        yield entry


def _broken(when: str) -> WarehouseError:
    return WarehouseError(
        f"Something that is no step of this build wrote the warehouse {when}: `dbt run-operation`, SQL typed by "
        "hand, or a step that was interrupted. Build again."
    )
