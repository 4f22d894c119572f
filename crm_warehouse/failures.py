"""What failed, told without the data it failed on; the rows themselves stay in the private warehouse.

Belongs here: messages of databases and dbt cut down to what carries no value, and the failing rows of dbt tests.
Does not: deciding what counts as a failure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from crm_warehouse.custody import custody
from crm_warehouse.settings import Settings

SCHEMA = "failures"
"""Schema of the private warehouse with one table per failed dbt test, named after the test."""

ROWS_KEPT = 1000
_KEYS_SHOWN = 3
# These are about SQL or the machine, whose words are ours. All other kinds quote the offending value.
_HARMLESS = {"Binder Error", "Catalog Error", "Parser Error", "IO Error", "Out of Memory Error"}
_HEADLINE = re.compile(r"(?:Runtime|Database|Compilation) Error in \w+ ")
_KIND = re.compile(r"(?P<kind>[A-Z]\w*(?: \w+)* Error)(?=:|$)")
# Our keys and the platforms' ids; anything else in a key column (an address as id) is not shown.
_SHOWABLE = re.compile(r"[\w.:|/-]{1,100}")
_IS_KEY = re.compile(r"(?:^|_)(?:key|id)$")


@dataclass(frozen=True)
class FailedTest:
    """A dbt test that found rows.

    Attributes:
        name: The test's name, and its table's in the schema `failures`.
        sql: Its compiled query.
        column: The column it tests; None for tests over several columns or models.
        count: Failing rows.
    """

    name: str
    sql: str
    column: str | None
    count: int


def without_values(message: str) -> str:
    """A database's or dbt's error message without anything that may come from the data."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    headline = lines.pop(0) if lines and _HEADLINE.match(lines[0]) else ""
    detail = " ".join(lines) if headline.startswith("Compilation") else _detail(lines)
    return ": ".join(part for part in (headline, detail) if part)[:400] or "an error without a message"


def _detail(lines: list[str]) -> str:
    found = _KIND.match(lines[0]) if lines else None
    if not found:
        return "an error of unknown kind" if lines else ""
    return lines[0] if found["kind"] in _HARMLESS else found["kind"]


def keep_failing_rows(settings: Settings, build_id: str, tests: Iterable[FailedTest]) -> dict[str, str]:
    """Store the rows that `tests` found as `failures.<test>`, replacing those of earlier builds.

    Returns:
        Per test a sentence that names the keys of some of them.
    """
    with (
        custody(settings, build_id, "failing rows"),
        duckdb.connect(str(settings.warehouse_path), config={"memory_limit": settings.memory_limit}) as con,
    ):
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"drop schema if exists {SCHEMA} cascade; create schema {SCHEMA}")
        return {test.name: _keep(con, test) for test in tests}


def _keep(con: duckdb.DuckDBPyConnection, test: FailedTest) -> str:
    table = f'{SCHEMA}."{test.name}"'
    con.execute(f"create table {table} as select * from ({test.sql}) limit {ROWS_KEPT}")  # noqa: S608 - dbt's query
    keys = "; ".join(_shown(con, table, test))
    return f"{test.count} rows in {table} of the warehouse{f', such as {keys}' if keys else ''}"


def _shown(con: duckdb.DuckDBPyConnection, table: str, test: FailedTest) -> Iterator[str]:
    for name, *_ in con.execute(f"describe {table}").fetchall():
        # dbt's own unique and accepted_values tests rename the column they test.
        original = test.column if name in {"unique_field", "value_field"} and test.column else name
        if not _IS_KEY.search(original):
            continue
        rows = con.execute(
            f'select distinct cast("{name}" as varchar) as k from {table} where "{name}" is not null '  # noqa: S608 - dbt's column
            f"order by k limit {_KEYS_SHOWN}"
        ).fetchall()
        shown = [key for (key,) in rows if _SHOWABLE.fullmatch(key)]
        if shown:
            yield f"{original} {', '.join(shown)}"
