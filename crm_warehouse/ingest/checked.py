"""One conformed table of one source between the check and the writing.

Belongs here: what was found and what was taken out. Does not: finding it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from crm_warehouse.ingest.conform import Facts, Part
from crm_warehouse.ingest.declaration import Table
from crm_warehouse.ingest.discover import Source

# Rows that some rule took out, by physical table and position; temporary until the build's one transaction.
EXCLUDED = "temp.ingest_excluded"
# Rows that stay without the erased person they are about, and whether they point to the person themselves.
ERASED = "temp.ingest_erased"


@dataclass
class Checked:
    """A conformed table of one source with what the check found."""

    source: Source
    table: Table
    parts: list[Part]
    facts: dict[int, Facts] = field(default_factory=dict)
    failed: bool = False
    removed: dict[str, int] = field(default_factory=dict)

    def total(self, key: str) -> int:
        """A count summed over the physical tables."""
        return sum(facts.count(key) for facts in self.facts.values())

    def removed_by(self, rules: Sequence[str]) -> int:
        """Rows that these rules took out."""
        return sum(self.removed.get(rule, 0) for rule in rules)

    @property
    def newest_at(self) -> datetime | None:
        """The latest moment anything credible happened in this table."""
        return max((facts.newest_at for facts in self.facts.values() if facts.newest_at), default=None)

    @property
    def part_ids(self) -> str:
        """The physical tables, as a SQL list."""
        return ", ".join(str(part.part_id) for part in self.parts)


def create_excluded(con: duckdb.DuckDBPyConnection) -> None:
    """Begin with no row and nobody taken out."""
    con.execute(
        f"create or replace temp table {ERASED.split('.')[1]} "
        "(part_id integer, file_index ubigint, file_row_number bigint, loses_person boolean)"
    )
    con.execute(
        f"create or replace temp table {EXCLUDED.split('.')[1]} (part_id integer, file_index ubigint, "
        "file_row_number bigint, record_id varchar, rule varchar, detail varchar)"
    )


def count_removed(con: duckdb.DuckDBPyConnection, checked: Checked) -> None:
    """Bring `removed` and the parts' facts up to date with the rows taken out."""
    rows = con.execute(
        f"select part_id, rule, count(*) from {EXCLUDED} where part_id in ({checked.part_ids}) group by all"
    ).fetchall()
    checked.removed = {}
    for part_id, rule, count in rows:
        checked.removed[rule] = checked.removed.get(rule, 0) + count
        checked.facts[part_id].has_exclusions = True
