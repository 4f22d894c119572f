"""A part's rows as the checks see them: typed where a value can be converted, without rows already taken out.

Belongs here: the one common table expression that all checks select from. Does not: what is checked.
"""

from collections.abc import Iterator

from crm_warehouse.ingest.checked import EXCLUDED
from crm_warehouse.ingest.conform import Facts, Part, excluded
from crm_warehouse.ingest.declaration import LOAD_TIME
from crm_warehouse.ingest.rules import (
    EARLIEST_PLAUSIBLE,
    LONGEST_AHEAD,
    Limits,
    dated,
    implausible,
    needed_amounts,
    ranged,
    value_conditions,
)
from crm_warehouse.ingest.sql import identifier, key_text, moment


def typed_rows(part: Part, limits: Limits, facts: Facts | None = None) -> str:
    """`with …, typed as (…)`: columns that rules look at by name, conditions by their counting key.

    Not materialized: whoever selects from it reads only the columns it names.
    """
    table = part.table
    names = dict.fromkeys(
        [*table.primary_key, *(parent.column for parent in table.parents), *table.happened_at]
    )
    names |= dict.fromkeys(
        [
            *dated(part),
            *(name for group in needed_amounts(part) for name in group),
            *(column.name for column in ranged(part)),
            *([LOAD_TIME] if table.has_load_time else []),
        ]
    )
    columns = [f"{part.attempt(name)} as {identifier(name)}" for name in names]
    columns += [f"{condition} as {identifier(key)}" for key, condition in value_conditions(part)]
    columns.append(f"{part.deleted or 'false'} as _deleted")
    columns += ["p.file_index as _file", "p.file_row_number as _row"]
    kept = f" where not {excluded(part.part_id, EXCLUDED)}" if facts and facts.has_exclusions else ""
    dates = "".join(f", {date}" for date in _dates(part, limits))
    return (
        f"with rows_read as not materialized (select {', '.join(columns)} from {part.landed.relation} as p{kept}), "
        f"typed as not materialized (select *{dates} from rows_read)"
    )


def live(part: Part) -> str:
    """Restricts to rows not soft-deleted; nothing where there is no flag, lest it mislead the planner."""
    return " and not _deleted" if part.deleted else ""


def record_id(part: Part) -> str:
    """A row of `typed` as text: its key, or its number where the table has no key or a personal one."""
    if part.table.shows_keys:
        return key_text(part.table.primary_key)
    return "concat('row ', cast(_row + 1 as varchar))"


def _dates(part: Part, limits: Limits) -> Iterator[str]:
    plausible = f"between {moment(EARLIEST_PLAUSIBLE)} and {moment(limits.started_at + LONGEST_AHEAD)}"
    for name in dated(part):
        yield f"{identifier(name)} not {plausible} as {implausible(name)}"
    if part.has_time:
        yield _happened(part, limits)


def _happened(part: Part, limits: Limits) -> str:
    start = moment(limits.started_at)
    happened = part.happened_at()
    later = f"{happened} > {moment(limits.started_at + limits.clock_skew)}"
    if part.table.has_load_time:
        load = identifier(LOAD_TIME)
        minutes = int(limits.clock_skew.total_seconds() // 60)
        # Adding an interval to every row would cost more than all other date checks together.
        late = f"{happened} > least({load}, {start}) + interval {minutes} minute"
        is_late = f"{happened} > {load} or {happened} > {start}"
        later = f"case when {is_late} then coalesce({late}, {later}) else false end"
    return (
        f"{happened} as _happened, {happened} < {moment(EARLIEST_PLAUSIBLE)} as _implausible_date, "
        f"{later} as _later_than_load, {happened} is null as _undated"
    )
