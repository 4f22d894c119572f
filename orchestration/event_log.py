"""Dagster's embedded store, SQLite, without two syncs to disk for every event.

Belongs here: how its connections are opened. Does not: which store is used (dagster.yaml; a service has Postgres).

Dagster opens and closes a connection per event, and a build has thousands. In its write-ahead mode SQLite needs to sync
only at checkpoints to stay consistent (https://www.sqlite.org/pragma.html#pragma_synchronous): a power cut may lose the
last events of a run, never what is published. The last connection that closes writes a checkpoint, so one stays open.
"""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_kept: dict[str, sqlite3.Connection] = {}


def sync_at_checkpoints() -> None:
    """Apply to all SQLite connections that this process opens from now on."""
    if not event.contains(Engine, "connect", _on_connect):
        event.listen(Engine, "connect", _on_connect)


def _on_connect(connection: Any, _record: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("pragma synchronous = normal")
    path = next((path for _, name, path in connection.execute("pragma database_list") if name == "main"), "")
    if not path:
        return
    if path not in _kept:
        _kept[path] = sqlite3.connect(path, check_same_thread=False)
    # Only a connection that has read counts as open, and the first one comes before the mode is set.
    _kept[path].execute("pragma schema_version").fetchall()
