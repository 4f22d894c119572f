"""Which rows of which raw table the arrival gate looks at.

Belongs here: one table of one source, and the conditions that pick its recent and its new rows. Does not: measuring.
"""

from dataclasses import dataclass

from crm_warehouse.ingest.declaration import CONFORMED_PREFIX, LOAD_TIME, Column, Table
from crm_warehouse.ingest.sql import identifier, literal


def relation(table: Table) -> str:
    """The conformed relation of a table, in the attached warehouse."""
    return f"warehouse.{identifier(CONFORMED_PREFIX + table.platform)}.{identifier(table.name)}"


@dataclass(frozen=True)
class Scope:
    """One table of one source and the range that is looked at closely.

    Attributes:
        source: Name of the source.
        table: Its declaration.
        rows: How many rows it has.
        position: What orders its rows: a moment, or a growing key where rows have no time; None where nothing does.
        since: Position up to which the live version knew the table, as SQL; None where that is unknown.
        start: Where the range of recent rows begins, as SQL; None for the whole table.
    """

    source: str
    table: Table
    rows: int
    position: str | None
    since: str | None
    start: str | None

    @property
    def relation(self) -> str:
        """The conformed relation."""
        return relation(self.table)

    @property
    def named(self) -> str:
        """Two columns that say what is measured."""
        return f"{literal(self.source)} as source_name, {literal(self.table.name)} as table_name"

    @property
    def own(self) -> str:
        """Condition: the row is of this source."""
        return f"source_name = {literal(self.source)}"

    @property
    def recent(self) -> str:
        """Condition: the row lies in the range that is looked at closely."""
        return f"{self.own} and {self.position} > {self.start}" if self.start else self.own

    @property
    def is_new(self) -> str:
        """Condition: the live version did not know the row."""
        return f"coalesce({self.position} > {self.since}, false)" if self.since else "false"

    @property
    def key(self) -> str:
        """The primary key, as a list of columns."""
        return ", ".join(map(identifier, self.table.primary_key))

    @property
    def contents(self) -> list[Column]:
        """Columns that say something: neither part of the key nor the load time."""
        return [c for c in self.table.columns if c.name not in {*self.table.primary_key, LOAD_TIME}]
