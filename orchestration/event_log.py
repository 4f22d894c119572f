"""Dagster's embedded event log with connections that stay open.

Belongs here: how its SQLite files are opened. Does not: which store is used (dagster.yaml; a service has Postgres).

Dagster makes an engine and a connection for every event and syncs to disk twice, and a build has thousands of events.
In its write-ahead mode SQLite needs to sync only at checkpoints to stay consistent
(https://www.sqlite.org/pragma.html#pragma_synchronous): a power cut may lose the last events of a run, never what is
published. The last connection that closes writes a checkpoint, so one stays open.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

OPEN_FILES = 8
"""Runs whose files stay open; a service reads many, a build writes one and the index."""


class EventLog(SqliteEventLogStorage):
    """Dagster's store in `DAGSTER_HOME/history/runs`, where its default is too."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Self:
        """The store of the Dagster home `base_dir`."""
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        """The most recently used ones are at the end."""
        engine = self._engines.pop(shard, None)
        if engine is None or shard not in self._initialized_dbs:
            engine = create_engine(
                create_db_conn_string(self._base_dir, shard),
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
            event.listen(engine, "connect", _sync_at_checkpoints)
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        self._engines[shard] = engine
        if len(self._engines) > OPEN_FILES:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def dispose(self) -> None:
        """Close the files."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _record: object) -> None:
    connection.execute("pragma synchronous = normal")
