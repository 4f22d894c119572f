"""The written rules about single rows, as SQL over a part's typed columns.

Belongs here: names, conditions and wording of the rules, and what is counted in the one pass. Does not: running it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_warehouse.ingest.casts import null_word
from crm_warehouse.ingest.conform import Part
from crm_warehouse.ingest.declaration import LOAD_TIME, Column, Table
from crm_warehouse.ingest.sql import identifier, literal

# No connected platform is older; loaders and shops write 1970 (or 1900) where they mean "unknown".
EARLIEST_PLAUSIBLE = datetime(1990, 1, 1)
# What lies ahead, such as a delivery, is not further away; loaders and shops write 9999 for "never".
LONGEST_AHEAD = timedelta(days=36525)

REPLACED_RULES = ("duplicate_copy", "superseded")
DELETED_RULES = ("parent_deleted",)
ERASED_RULE = "erased"
# In the order in which they claim a row.
ROW_RULES = ("implausible_date", "later_than_load", "missing_date", "missing_amount", "out_of_range")
QUARANTINE_RULES = ("excluded", *ROW_RULES, "orphan", "parent_quarantined")


@dataclass(frozen=True)
class Limits:
    """What the rules compare with."""

    started_at: datetime
    clock_skew: timedelta
    quarantine_share: float


def ranged(part: Part) -> list[Column]:
    """Columns with a declared minimum or maximum."""
    return [
        column
        for column in part.table.columns
        if part.casts[column.name] and (column.minimum is not None or column.maximum is not None)
    ]


def needed_amounts(part: Part) -> list[list[str]]:
    """Amounts and quantities without which a row says nothing: of each list one has to be there."""
    table = part.table
    groups = [[column.name] for column in table.columns if column.required]
    groups += [list(group) for group in table.require_one_of]
    return [
        [name for name in group if part.casts[name]]
        for group in groups
        if all(table.column(name).is_amount for name in group) and any(part.casts[name] for name in group)
    ]


def dated(part: Part) -> list[str]:
    """Columns with a time that does not already decide when a row happened."""
    happened = next((name for name in part.table.happened_at if part.casts[name]), None)
    return [
        column.name
        for column in part.table.columns
        if column.data_type == "timestamp" and part.casts[column.name] and column.name != happened
    ]


def implausible(name: str) -> str:
    """The condition, among the typed columns, that a column of `dated` cannot be right."""
    return identifier(f"implausible:{name}")


def value_conditions(part: Part) -> Iterator[tuple[str, str]]:
    """Per-row conditions over the physical columns, by the key under which they are counted."""
    for column in part.table.columns:
        casts = part.casts[column.name]
        for index, cast_ in enumerate(casts):
            if cast_.bad and not cast_.json_column:
                yield f"bad:{column.name}:{index}", cast_.bad
            if cast_.probe and not cast_.json_column:
                yield f"probe:{column.name}:{index}", cast_.probe
            if index < len(casts) - 1 and not cast_.never_null:
                yield f"null:{column.name}:{index}", f"{cast_.attempt} is null"
        if column.nullable_text and casts:
            yield f"word:{column.name}", null_word(part.attempt(column.name))
    yield from _flag_conditions(part)


def _flag_conditions(part: Part) -> Iterator[tuple[str, str]]:
    for flag, cast_ in part.flags:
        if cast_.bad:
            yield f"flag:{flag.name}", cast_.bad


def metrics(part: Part) -> Iterator[tuple[str, str]]:
    """(key, aggregate) of everything counted in the one pass over a part."""
    yield "rows", "count(*)"
    yield "deleted", "count(*) filter (where _deleted)" if part.deleted else "0"
    for key, _ in value_conditions(part):
        yield key, f"count(*) filter (where {identifier(key)})"
    live = " and not _deleted" if part.deleted else ""
    nullable = [name for name in part.table.primary_key if not part.never_null(name)]
    if nullable:
        null = " or ".join(f"{identifier(name)} is null" for name in nullable)
        yield "null_key", f"count(*) filter (where ({null}){live})"
    counted: dict[str, list[str]] = {}
    for rule, condition, _ in row_rules(part):
        counted.setdefault(rule, []).append(condition)
    for rule, conditions in counted.items():
        yield rule, f"count(*) filter (where ({' or '.join(conditions)}){live})"
    if part.has_time:
        yield "newest", f"max(_happened) filter (where not _implausible_date and not _later_than_load{live})"


def row_rules(part: Part) -> list[tuple[str, str, str]]:
    """(rule, condition, detail) over the typed columns, in the order in which they claim a row."""
    rules: list[tuple[str, str, str]] = []
    if part.has_time:
        load = (
            f"coalesce(cast({identifier(LOAD_TIME)} as varchar), 'unknown')"
            if part.table.has_load_time
            else "'unknown'"
        )
        happened = "cast(_happened as varchar)"
        rules.append(("implausible_date", "_implausible_date", f"concat('happened at ', {happened})"))
    for name in dated(part):
        shown = (
            f"cast({identifier(name)} as varchar)"
            if part.table.column(name).may_be_shown
            else "'(not shown)'"
        )
        rules.append(("implausible_date", implausible(name), f"concat('{name} is ', {shown})"))
    if part.has_time:
        rules.append(
            (
                "later_than_load",
                "_later_than_load",
                f"concat('happened at ', {happened}, ', loaded at ', {load})",
            )
        )
        if _needs_date(part.table):
            rules.append(
                ("missing_date", "_undated", literal(f"{' and '.join(part.table.happened_at)} empty"))
            )
    for names in needed_amounts(part):
        empty = " and ".join(f"{identifier(name)} is null" for name in names)
        rules.append(("missing_amount", f"({empty})", literal(f"{' and '.join(names)} empty")))
    for column in ranged(part):
        rules += _range_rules(column)
    return rules


def _range_rules(column: Column) -> Iterator[tuple[str, str, str]]:
    name = identifier(column.name)
    value = f"cast({name} as varchar)" if column.may_be_shown else "'(not shown)'"
    if column.minimum is not None:
        text = f"concat('{column.name} is ', {value}, ', below {column.minimum:g}')"
        yield "out_of_range", f"{name} < {column.minimum:g}", text
    if column.maximum is not None:
        text = f"concat('{column.name} is ', {value}, ', above {column.maximum:g}')"
        yield "out_of_range", f"{name} > {column.maximum:g}", text


def _needs_date(table: Table) -> bool:
    """Whether a row without a date is useless: the declaration requires one of the columns that give it."""
    one_of = {name for group in table.require_one_of for name in group}
    return any(table.column(name).required or name in one_of for name in table.happened_at)
