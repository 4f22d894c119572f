"""The figures of the report: one query of `sql/` each, over one published file.

Belongs here: running the queries and hiding cells of few people. Does not: how anything looks (page/), or what a figure
means (the marts; docs/report.md says which).

A query's columns up to the first one whose name begins with `people` say what a row is about. Each such column counts
the people behind the columns that follow it, up to the next one.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.settings import Settings

SQL_DIR = Path(__file__).parent / "sql"
_PEOPLE = "people"
_HIDE_WITHIN = re.compile(r"^-- hide within: (.+)$", re.MULTILINE)
_DIGITS = 6

Row = list[Any]


@dataclass(frozen=True)
class Figures:
    """The answer to one query.

    Attributes:
        columns: Their names.
        rows: Their values, as JSON has them.
        hidden: How many rows have cells that are not shown because few people are behind them.
    """

    columns: list[str]
    rows: list[Row]
    hidden: int = 0

    def as_json(self) -> dict[str, Any]:
        """What the page reads."""
        return {"columns": self.columns, "rows": self.rows, "hidden": self.hidden}


def read_figures(
    settings: Settings, path: Path, *, customer_limit: int, min_people: int
) -> dict[str, Figures]:
    """Every query of the report, by name.

    Args:
        settings: The warehouse, for its memory limit.
        path: The published file to read; without personal columns in it there are none in the answers.
        customer_limit: Customers whose timeline is read; 0 for none.
        min_people: Cells with fewer people behind them are hidden; 1 hides nothing.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(path.parent / ".tmp"),
    }
    with duckdb.connect(str(path), read_only=True, config=config) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set variable customer_limit = ?", [customer_limit])
        con.execute("set variable min_people = ?", [min_people])
        con.execute((SQL_DIR / "_base.sql").read_text())
        return {
            file.stem: _answer(con, file.read_text(), min_people)
            for file in sorted(SQL_DIR.glob("[a-z]*.sql"))
        }


def _answer(con: duckdb.DuckDBPyConnection, query: str, min_people: int) -> Figures:
    result = con.execute(query)
    columns = [column[0] for column in result.description or []]
    rows = [[_plain(value) for value in row] for row in result.fetchall()]
    declared = _HIDE_WITHIN.search(query)
    within = [columns.index(name) for name in declared[1].split(", ")] if declared else None
    return Figures(columns, rows, hide_few_people(columns, rows, min_people, within))


def _plain(value: Any) -> Any:
    """A value as JSON has it, no longer than it is exact."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(float(round(value, 2)))
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{_DIGITS}g}") if abs(value) < 1 else round(value, 2)
    return int(rounded) if rounded.is_integer() else rounded


def hide_few_people(columns: list[str], rows: list[Row], min_people: int, within: list[int] | None) -> int:
    """Blank, in place, what fewer than `min_people` people are behind; nobody at all hides nothing.

    Args:
        columns: Names of the columns, which say what counts people.
        rows: The values.
        min_people: The smallest number that is shown.
        within: Positions of the columns that rows share whose people add up to a number shown elsewhere. Where the
            hidden ones of them are together still few, they follow from the others, so the next smallest is hidden too.

    Returns:
        Rows with something hidden.
    """
    hidden: set[int] = set()
    for counted, governed in _governed(columns):
        few = {at for at, row in enumerate(rows) if 0 < (row[counted] or 0) < min_people}
        if within is not None:
            few |= _betrayed(rows, few, counted, min_people, within)
        for at in few:
            for column in (counted, *governed):
                rows[at][column] = None
        hidden |= few
    return len(hidden)


def _governed(columns: list[str]) -> Iterator[tuple[int, range]]:
    counts = [
        at for at, name in enumerate(columns) if name.startswith(_PEOPLE) and not name.endswith("_share")
    ]
    for at, following in pairwise([*counts, len(columns)]):
        yield at, range(at + 1, following)


def _betrayed(rows: list[Row], few: set[int], counted: int, min_people: int, within: list[int]) -> set[int]:
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        if row[counted]:
            groups[tuple(row[column] for column in within)].append(at)
    found: set[int] = set()
    for members in groups.values():
        hidden = [at for at in members if at in few]
        others = sorted(set(members) - set(hidden), key=lambda at: (rows[at][counted], at))
        while hidden and others and sum(rows[at][counted] for at in hidden) < min_people:
            hidden.append(others.pop(0))
        found |= set(hidden)
    return found
