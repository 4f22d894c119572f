"""One writer at a time, across the UI, the schedule and the command line.

Belongs here: the file lock that spans ingest to publish. Does not: what the writer does.

The kernel owns the lock, so a killed writer releases it; the file's text only names the holder.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from crm_warehouse.errors import TransientError
from crm_warehouse.publish.files import disk_errors
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 5


class WarehouseBusy(TransientError):
    """Somebody else writes this warehouse."""


@dataclass
class _Held:
    """A lock this process holds; `depth` counts nested users of the same build."""

    descriptor: int
    build_id: str
    pid: int
    depth: int = 1


_held: dict[Path, _Held] = {}
_registry = Lock()


@contextmanager
def writer_lock(settings: Settings, build_id: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the writer lock of `settings`' warehouse for a block; nested use by the same build is free.

    Args:
        settings: The warehouse to write.
        build_id: The build that writes it.
        wait_seconds: How long to wait for another writer to finish.

    Raises:
        WarehouseBusy: another build holds the lock; the message names its process, build and start.
    """
    give_up_at = time.monotonic() + wait_seconds
    while True:
        try:
            acquire_writer_lock(settings, build_id)
            break
        except WarehouseBusy as error:
            if time.monotonic() >= give_up_at:
                raise
            logger.info("waiting: %s", error)
            time.sleep(_WAIT_SECONDS)
    try:
        yield
    finally:
        release_writer_lock(settings)


def acquire_writer_lock(settings: Settings, build_id: str) -> None:
    """Take the writer lock, or count one more user if this process already holds it for `build_id`.

    Raises:
        WarehouseBusy: another process, or another build of this process, holds the lock.
    """
    path = settings.lock_path.absolute()
    with _registry:
        held = _held.get(path)
        # A forked child inherits this registry but must not believe that it is the writer.
        if held and held.pid == os.getpid():
            if held.build_id != build_id:
                raise _busy(path, f"build {held.build_id} of this process")
            held.depth += 1
            return
        with disk_errors("lock the warehouse"):
            descriptor = _lock_file(path)
            since = datetime.now(UTC).isoformat("T", "seconds")
            note = {"pid": os.getpid(), "build_id": build_id, "since": since}
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(note).encode(), 0)
        _held[path] = _Held(descriptor, build_id, os.getpid())


def release_writer_lock(settings: Settings) -> None:
    """Give up one use of the lock; the last one lets the next writer in. Without the lock it does nothing."""
    path = settings.lock_path.absolute()
    with _registry:
        held = _held.get(path)
        if held is None or held.pid != os.getpid():
            return
        held.depth -= 1
        if held.depth == 0:
            del _held[path]
            os.close(held.descriptor)


def _lock_file(path: Path) -> int:
    """Open and lock `path`, again if the file was deleted in between: its lock would guard nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _describe(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            raise _busy(path, holder) from None
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)


def _describe(content: bytes) -> str:
    try:
        note = json.loads(content)
        return f"process {note['pid']}, build {note['build_id']}, since {note['since']}"
    except (ValueError, KeyError):
        return "a process that has just started"


def _busy(path: Path, holder: str) -> WarehouseBusy:
    return WarehouseBusy(
        f"Another build is writing this warehouse: {holder} holds {path}. "
        "Wait until it has finished, or stop that process; the lock goes with it."
    )
