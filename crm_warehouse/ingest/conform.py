"""From a physical table to the SELECT of its conformed relation.

Belongs here: matching declared columns to physical ones and writing SQL. Does not: counting or judging rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from crm_warehouse.ingest.casts import Cast, cast, cast_json, null_word
from crm_warehouse.ingest.declaration import LOAD_TIME, Candidate, Column, Platform, Table
from crm_warehouse.ingest.discover import Source
from crm_warehouse.ingest.files import Landed
from crm_warehouse.ingest.sql import duckdb_type, identifier, literal, moment

EXCLUDED_ROWS = "pipeline.excluded_rows"
ERASED_ROWS = "pipeline.erased_rows"
# Physical columns with which loaders flag a deleted row: true, or the time of the deletion.
_SOFT_DELETES = {"_fivetran_deleted": "boolean", "_ab_cdc_deleted_at": "timestamp"}


@dataclass(frozen=True)
class Part:
    """One physical table that feeds one conformed relation for one source."""

    part_id: int
    source: Source
    table: Table
    landed: Landed
    casts: Mapping[str, tuple[Cast, ...]]
    flags: tuple[tuple[Column, Cast], ...]

    @property
    def deleted(self) -> str | None:
        """Condition: the loader flagged row `p` as deleted; None where it has no such flag."""
        conditions = [
            f"coalesce({cast_.attempt}, false)"
            if flag.data_type == "boolean"
            else f"{cast_.attempt} is not null"
            for flag, cast_ in self.flags
        ]
        return f"({' or '.join(conditions)})" if conditions else None

    @property
    def label(self) -> str:
        """How messages name this table."""
        physical = self.landed.raw.name
        return (
            self.table.name
            if physical.lower() == self.table.name
            else f"{self.table.name} (landed as {physical})"
        )

    @property
    def has_time(self) -> bool:
        """Whether a row can tell when it happened."""
        return any(self.casts[name] for name in self.table.happened_at)

    def missing(self) -> list[str]:
        """Declared columns without any physical column, the load time aside."""
        return [name for name, casts in self.casts.items() if not casts and name != LOAD_TIME]

    def attempt(self, name: str) -> str:
        """The declared column with NULL where a value cannot be converted."""
        return _coalesce([cast_.attempt for cast_ in self.casts[name]], self.table.column(name))

    def never_null(self, name: str) -> bool:
        """Whether the file's statistics already say that the declared column has no nulls."""
        return any(cast_.never_null for cast_ in self.casts[name])

    def happened_at(self) -> str:
        """When a row happened, as an expression over `attempt` columns of the same name."""
        return self.happened_from({name: identifier(name) for name in self.table.happened_at})

    def happened_from(self, values: Mapping[str, str]) -> str:
        """When a row happened, as an expression over the given columns; a day happens when it begins."""
        moments = [
            f"cast({values[name]} as timestamp)"
            if self.table.column(name).data_type == "date"
            else values[name]
            for name in self.table.happened_at
            if self.casts[name]
        ]
        return _or_null(moments, "timestamp")


@dataclass
class Facts:
    """What the eager check found about one part; decides how plain its SELECT can be."""

    counts: dict[str, int] = field(default_factory=dict)
    newest_at: datetime | None = None
    has_exclusions: bool = False
    has_erased: bool = False

    def count(self, key: str) -> int:
        """A count, 0 where the check had no reason to look."""
        return self.counts.get(key, 0)


def make_part(part_id: int, source: Source, table: Table, landed: Landed) -> Part:
    """Match the declared columns of `table` to the physical columns of `landed`, ignoring case."""
    physical = {name.lower(): (name, kind) for name, kind in landed.columns}
    casts = {column.name: tuple(_casts(column, physical, landed)) for column in table.columns}
    return Part(part_id, source, table, landed, casts, tuple(_flags(table, physical)))


def physical_columns(platform: Platform, physical: str) -> frozenset[str]:
    """Lower-case names of everything that a physical table of that name can give to the platform's relations."""
    name = physical.lower()
    names = set(_SOFT_DELETES)
    for table in platform.tables.values():
        if name == table.name or name in (alias.lower() for alias in table.aliases):
            names |= {candidate.column.lower() for column in table.columns for candidate in column.candidates}
            names |= {table.soft_delete.lower()} if table.soft_delete else set()
    return frozenset(names)


def _casts(column: Column, physical: Mapping[str, tuple[str, str]], landed: Landed) -> Iterable[Cast]:
    for candidate in column.candidates:
        if found := physical.get(candidate.column.lower()):
            name, kind = found
            raw = f"p.{identifier(name)}"
            if candidate.json_path:
                yield cast_json(raw, kind, candidate.json_path, column.data_type)
            else:
                # Text can hold an empty field, which is NULL in any other type.
                keeps_null = column.data_type == "string" or kind.upper() not in {"VARCHAR", "JSON"}
                never_null = keeps_null and name in landed.never_null
                yield replace(cast(raw, kind, column.data_type), never_null=never_null)
                if never_null:
                    return  # the aliases behind it cannot matter


def _flags(table: Table, physical: Mapping[str, tuple[str, str]]) -> Iterable[tuple[Column, Cast]]:
    flags = {**_SOFT_DELETES, **({table.soft_delete: "boolean"} if table.soft_delete else {})}
    for name, data_type in flags.items():
        if found := physical.get(name.lower()):
            column, kind = found
            yield (
                Column(name, data_type, (Candidate(name),)),
                cast(f"p.{identifier(column)}", kind, data_type),
            )


def excluded(part_id: int, relation: str = EXCLUDED_ROWS) -> str:
    """Condition: a rule took row `p` of the part out."""
    return (
        f"exists (select 1 from {relation} as e where e.part_id = {part_id} "
        f"and e.file_index = p.file_index and e.file_row_number = p.file_row_number)"
    )


def erased_join(part_id: int, relation: str = ERASED_ROWS) -> str:
    """Joins what has to be taken out of the rows `p` of erased people; nothing of `x` for all others."""
    return (
        f" left join {relation} as x on x.part_id = {part_id} "
        "and x.file_index = p.file_index and x.file_row_number = p.file_row_number"
    )


def erased_where(part: Part, column: Column) -> str | None:
    """Condition after `erased_join`: the value says who it was; None for a column that never does."""
    conditions = []
    if column.is_person_key:
        conditions.append("coalesce(x.loses_person, false)")
    if column.personal:
        condition = "x.part_id is not null"
        if column.personal_except:
            name, harmless = column.personal_except
            condition += (
                f" and coalesce({part.attempt(name)} not in ({', '.join(map(literal, harmless))}), true)"
            )
        conditions.append(condition)
    return " or ".join(conditions) or None


def empty_select(table: Table) -> str:
    """The typed relation of a table nobody landed."""
    columns = ", ".join(
        f"cast(null as {duckdb_type(column.data_type)}) as {identifier(column.name)}"
        for column in table.columns
    )
    return f"select cast(null as varchar) as source_name, {columns} where false"


def select(part: Part, facts: Facts, as_of_at: datetime, *, is_backdated: bool) -> str:
    """The SELECT of one part: plain columns wherever the facts allow, so that filters reach the Parquet file."""
    values = {column.name: _final(part, column, facts) for column in part.table.columns}
    columns = []
    for column in part.table.columns:
        value = values[column.name]
        if is_backdated and column.known_at and part.casts[column.name] and part.casts[column.known_at]:
            value = f"case when {values[column.known_at]} > {moment(as_of_at)} then null else {value} end"
        if facts.has_erased and (erased := erased_where(part, column)):
            value = f"case when {erased} then null else {value} end"
        columns.append(f"{value} as {identifier(column.name)}")
    conditions = _conditions(part, facts, values, as_of_at)
    where = f"\nwhere {' and '.join(conditions)}" if conditions else ""
    listed = ",\n    ".join([f"{literal(part.source.name)} as source_name", *columns])
    join = erased_join(part.part_id) if facts.has_erased else ""
    return f"select\n    {listed}\nfrom {part.landed.relation} as p{join}{where}"


def _conditions(part: Part, facts: Facts, values: Mapping[str, str], as_of_at: datetime) -> list[str]:
    conditions = []
    if part.deleted and facts.count("deleted"):
        conditions.append(f"not {part.deleted}")
    if facts.newest_at is not None and facts.newest_at > as_of_at:
        conditions.append(f"coalesce({part.happened_from(values)} <= {moment(as_of_at)}, true)")
    if facts.has_exclusions:
        conditions.append(f"not {excluded(part.part_id)}")
    return conditions


def _final(part: Part, column: Column, facts: Facts) -> str:
    casts = part.casts[column.name]
    values = []
    for index, cast_ in enumerate(casts):
        is_simple = cast_.simple is not None and not facts.count(f"probe:{column.name}:{index}")
        values.append(cast_.simple if is_simple and cast_.simple else cast_.strict)
        if index < len(casts) - 1 and not facts.count(f"null:{column.name}:{index}"):
            break  # never null: the aliases behind it cannot matter
    value = _or_null(values, duckdb_type(column.data_type))
    if column.nullable_text and facts.count(f"word:{column.name}"):
        return f"case when {null_word(value)} then null else {value} end"
    return value


def _coalesce(values: list[str], column: Column) -> str:
    return _or_null(values, duckdb_type(column.data_type))


def _or_null(values: Sequence[str], data_type: str) -> str:
    if not values:
        return f"cast(null as {data_type})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"
