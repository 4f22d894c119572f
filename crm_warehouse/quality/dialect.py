"""The SQLAlchemy dialect that lets Great Expectations run on DuckDB.

Belongs here: what duckdb-engine lacks. Does not: expectations.

Great Expectations reads results after it has closed the connection. duckdb-engine's cursor is the connection
itself, so the next statement or the close takes the rows away. And duckdb-engine reflects tables through Postgres
catalogs that DuckDB imitates only in part.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duckdb_engine import ConnectionWrapper
from duckdb_engine import Dialect as DuckDBEngineDialect
from sqlalchemy import text
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedPrimaryKeyConstraint
from sqlalchemy.types import NullType, TypeEngine

URL_SCHEME = "duckdb+audit"
registry.register("duckdb.audit", __name__, "AuditDialect")


class MaterializedCursor:
    """A DB-API cursor whose rows live in Python from the moment the statement has run.

    Affordable because the database does the counting: only figures come back.
    """

    arraysize = 1

    def __init__(self, connection: Any, wrapper: ConnectionWrapper) -> None:
        self.connection = wrapper
        self.description: Sequence[Sequence[Any]] | None = None
        self._connection = connection
        self._rows: list[Any] = []

    @property
    def rowcount(self) -> int:
        """Rows that have not been fetched yet; SQLAlchemy only uses it as a hint."""
        return len(self._rows)

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement and fetch its whole result."""
        self._connection.execute(statement, parameters or None)
        self.description = self._connection.description
        self._rows = list(self._connection.fetchall()) if self.description else []

    def executemany(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement once per parameter set."""
        self._connection.executemany(statement, list(parameters or []))
        self.description, self._rows = None, []

    def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        taken, self._rows = self._rows[: size or self.arraysize], self._rows[size or self.arraysize :]
        return taken

    def fetchall(self) -> list[Any]:
        """All remaining rows."""
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        """Nothing to do: the rows are already here."""


class _AuditConnection(ConnectionWrapper):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._raw = connection

    def cursor(self) -> Any:
        return MaterializedCursor(self._raw, self)


class AuditDialect(DuckDBEngineDialect):
    """duckdb-engine with materialized cursors and DuckDB's own catalog."""

    supports_statement_cache = False

    def connect(self, *args: Any, live: str | None = None, **kwargs: Any) -> Any:
        """Open a connection whose cursors keep their rows, with another file attached read-only as `live`."""
        connection = super().connect(*args, **kwargs)._ConnectionWrapper__c
        if live:
            path = live.replace("'", "''")
            connection.execute(f"attach if not exists '{path}' as live (read_only)")
        return _AuditConnection(connection)

    def get_columns(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[ReflectedColumn]:
        """Columns of a table, from DuckDB's own catalog."""
        rows = connection.execute(
            text(
                "select column_name, data_type, is_nullable from duckdb_columns() "
                "where table_name = :table_name and schema_name = :schema "
                "and database_name = current_database() order by column_index"
            ),
            {"table_name": table_name, "schema": schema or "main"},
        ).fetchall()
        return [
            {"name": str(name), "type": self._type_of(str(kind)), "nullable": bool(nullable), "default": None}
            for name, kind, nullable in rows
        ]

    def get_pk_constraint(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> ReflectedPrimaryKeyConstraint:
        """Published tables declare no constraints; their keys are tested instead."""
        return {"constrained_columns": [], "name": None}

    def _type_of(self, kind: str) -> TypeEngine[Any]:
        found = self.ischema_names.get(kind.split("(")[0].lower())
        return found() if found else NullType()


def read_only_url(path: Path) -> str:
    """SQLAlchemy URL of a DuckDB file that is never written."""
    return (
        make_url(f"{URL_SCHEME}:///{path}").update_query_dict({"access_mode": "read_only"}).render_as_string()
    )
