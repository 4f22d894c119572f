"""The eager look at raw rows: what cannot be used at all, and which rows the written rules take out.

Belongs here: one aggregate pass per physical table, keys, references, quarantine. Does not: writing into the
warehouse; everything found stays in a temporary table until the build's one transaction.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from crm_warehouse.ingest.casts import null_word
from crm_warehouse.ingest.conform import Facts, Part, excluded
from crm_warehouse.ingest.declaration import LOAD_TIME, Column, Parent, Table
from crm_warehouse.ingest.discover import Source
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.ingest.sql import identifier, literal, moment

logger = logging.getLogger(__name__)

EXCLUDED = "temp.ingest_excluded"
# No connected platform is older; loaders and shops write 1970 (or 1900) where they mean "unknown".
EARLIEST_PLAUSIBLE = datetime(1990, 1, 1)
# Below this many rows a rule never stops the build, whatever share of the table they are.
MIN_TOLERATED_ROWS = 10
EXAMPLES = 5
# Up to here, grouping a column is cheaper than parsing every row of it.
FEW_DISTINCT = 100_000
SHOWN_VALUE_LENGTH = 20
# Keys compared at a time: bounds memory at about half a gigabyte whatever the table's size.
KEYS_PER_PASS = 2**26

REPLACED_RULES = ("duplicate_copy", "superseded")
DELETED_RULES = ("parent_deleted",)
# In the order in which they claim a row.
ROW_RULES = ("implausible_date", "later_than_load", "missing_date", "out_of_range")
QUARANTINE_RULES = (*ROW_RULES, "orphan", "parent_quarantined")


@dataclass(frozen=True)
class Limits:
    """What the rules compare with."""

    started_at: datetime
    clock_skew: timedelta
    quarantine_share: float


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


class Checker:
    """Runs the checks over one connection; problems go to `problems`, removed rows to a temporary table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, limits: Limits, problems: Problems) -> None:
        self.con = con
        self.limits = limits
        self.problems = problems
        con.execute(
            f"create or replace temp table {EXCLUDED.split('.')[1]} (part_id integer, file_index ubigint, "
            "file_row_number bigint, record_id varchar, rule varchar, detail varchar)"
        )

    def check_rows(self, checked: Checked) -> None:
        """Casts, keys and duplicates, dates and ranges of one table."""
        for part in checked.parts:
            self._measure(checked, part)
        self._judge_casts(checked)
        self._judge_null_keys(checked)
        if not checked.failed and checked.table.primary_key and checked.total("rows") > 1:
            self._resolve_duplicates(checked)
        if not checked.failed:
            self._quarantine_rows(checked)

    def check_parents(self, checked: Checked, tables: Mapping[str, Checked]) -> None:
        """References of one table to its parents; `tables` are those of the same source, parents checked first."""
        for parent in checked.table.parents:
            target = tables.get(parent.table)
            if checked.failed or (target and target.failed) or not checked.total("rows"):
                continue
            self._quarantine_orphans(checked, parent, target)
            if target and (target.total("deleted") or target.removed):
                self._follow_parents(checked, parent, target)

    # -- one pass per physical table ------------------------------------------------------------------------

    def _measure(self, checked: Checked, part: Part) -> None:
        metrics = dict(_metrics(part))
        facts = checked.facts.get(part.part_id, Facts())
        keys = list(metrics)
        row = self._one(
            f"{self._typed(part, facts)} select {', '.join(metrics[key] for key in keys)} from typed"
        )
        found = dict(zip(keys, row, strict=True))
        facts.newest_at = found.pop("newest", None)
        facts.counts = {key: int(value) for key, value in found.items()} | self._measure_json(part)
        checked.facts[part.part_id] = facts

    def _measure_json(self, part: Part) -> dict[str, int]:
        """Casts out of JSON, parsed once per distinct text where a column has few of them, as shipping prices do."""
        counts: dict[str, int] = {}
        for name, casts in part.casts.items():
            for index, cast_ in enumerate(casts):
                if cast_.json_column:
                    column = cast_.json_column
                    name_only = column.removeprefix("p.")
                    origin = f"from {part.landed.relation} as p"
                    (distinct,) = self._one(f"select approx_count_distinct({column}) {origin}")
                    is_repetitive = distinct <= FEW_DISTINCT
                    values = (
                        f"select {column} as {name_only}, count(*) as n {origin} group by 1"
                        if is_repetitive
                        else f"select {column} as {name_only}, 1 as n {origin}"
                    )
                    bad, probe = self._one(
                        f"select coalesce(sum(n) filter (where {cast_.bad}), 0), "
                        f"coalesce(sum(n) filter (where {cast_.probe or 'false'}), 0) from ({values}) as p"
                    )
                    counts |= {f"bad:{name}:{index}": int(bad), f"probe:{name}:{index}": int(probe)}
        return counts

    def _typed(self, part: Part, facts: Facts | None = None) -> str:
        """A CTE of the part's rows that no rule has taken out yet, converted where they can be."""
        names = dict.fromkeys([*part.table.primary_key, *(parent.column for parent in part.table.parents)])
        names |= dict.fromkeys([*part.table.happened_at, *(column.name for column in _ranged(part))])
        columns = [f"{part.attempt(name)} as {identifier(name)}" for name in names]
        if part.table.has_load_time:
            columns.append(f"{part.attempt(LOAD_TIME)} as {identifier(LOAD_TIME)}")
        columns += [f"{condition} as {identifier(key)}" for key, condition in _conditions(part)]
        columns.append(f"{part.deleted or 'false'} as _deleted")
        columns += ["p.file_index as _file", "p.file_row_number as _row"]
        kept = f" where not {excluded(part.part_id, EXCLUDED)}" if facts and facts.has_exclusions else ""
        dated = f", {self._dates(part)}" if part.has_time else ""
        return (
            f"with rows_read as not materialized (select {', '.join(columns)} from {part.landed.relation} as p{kept}), "
            f"typed as not materialized (select *{dated} from rows_read)"
        )

    def _dates(self, part: Part) -> str:
        start = moment(self.limits.started_at)
        happened = part.happened_at()
        later = f"{happened} > {moment(self.limits.started_at + self.limits.clock_skew)}"
        if part.table.has_load_time:
            load = identifier(LOAD_TIME)
            minutes = int(self.limits.clock_skew.total_seconds() // 60)
            # Adding an interval to every row would cost more than all other date checks together.
            late = f"{happened} > least({load}, {start}) + interval {minutes} minute"
            is_late = f"{happened} > {load} or {happened} > {start}"
            later = f"case when {is_late} then coalesce({late}, {later}) else false end"
        return (
            f"{happened} as _happened, {happened} < {moment(EARLIEST_PLAUSIBLE)} as _implausible_date, "
            f"{later} as _later_than_load, {happened} is null as _undated"
        )

    # -- what stops the build -------------------------------------------------------------------------------

    def _judge_casts(self, checked: Checked) -> None:
        for part in checked.parts:
            facts = checked.facts[part.part_id]
            for key, count in facts.counts.items():
                if key.startswith("bad:") and count:
                    _, name, index = key.split(":")
                    self._cast_problem(checked, part, checked.table.column(name), int(index), count)

    def _cast_problem(self, checked: Checked, part: Part, column: Column, index: int, count: int) -> None:
        checked.failed = True
        raw = part.casts[column.name][index].raw
        value = f"left(cast({raw} as varchar), {SHOWN_VALUE_LENGTH})" if column.may_be_shown else "null"
        rows = self.con.execute(
            f"select {_record_id(part, attempt=True)}, p.file_row_number + 1, {value} from {part.landed.relation} as p "
            f"where {part.casts[column.name][index].bad} limit {EXAMPLES}"
        ).fetchall()
        examples = ", ".join(_example(part, key, row, shown) for key, row, shown in rows)
        self.problems.add(
            checked.source.name,
            f"table {part.label}, column {column.name}: {count:,} of {checked.total('rows'):,} values are not "
            f"{column.data_type} ({examples})",
        )

    def _judge_null_keys(self, checked: Checked) -> None:
        for part in checked.parts:
            count = checked.facts[part.part_id].count("null_key")
            if not count or checked.failed:
                continue
            checked.failed = True
            where = " or ".join(f"{identifier(name)} is null" for name in part.table.primary_key)
            rows = self.con.execute(
                f"{self._typed(part)} select _row + 1 from typed where ({where}){_live(part)} limit {EXAMPLES}"
            ).fetchall()
            self.problems.add(
                checked.source.name,
                f"table {part.label}: {count:,} rows have no key ({', '.join(part.table.primary_key)} is empty; "
                f"row {', '.join(str(row[0]) for row in rows)})",
            )

    # -- duplicate keys -------------------------------------------------------------------------------------

    def _resolve_duplicates(self, checked: Checked) -> None:
        if not self._has_duplicates(checked):
            return
        keys = ", ".join(identifier(name) for name in checked.table.primary_key)
        names = [column.name for column in checked.table.columns]
        contents = ", ".join(identifier(name) for name in names if name != LOAD_TIME)
        load = identifier(LOAD_TIME) if checked.table.has_load_time else "cast(null as timestamp)"
        copies = " union all ".join(
            f"select {part.part_id} as _part, p.file_index as _file, p.file_row_number as _row, "
            f"{part.deleted or 'false'} as _deleted, "
            f"{', '.join(f'{part.attempt(name)} as {identifier(name)}' for name in names)} "
            f"from {part.landed.relation} as p"
            for part in checked.parts
        )
        self.con.execute(
            f"""
            create or replace temp table ingest_copies as
            with copies as ({copies}),
            repeated as (select {keys} from copies group by all having count(*) > 1)
            select
                _part, _file, _row, {keys}, row({contents}, _deleted) as _content,
                {load} is not distinct from max({load}) over (partition by {keys}) as _is_latest,
                row_number() over (partition by {keys} order by {load} desc nulls last, _part, _file, _row) as _rank
            from copies semi join repeated using ({keys})
            """
        )
        if not self._judge_conflicts(checked, keys):
            self._keep_latest(checked)
        self.con.execute("drop table ingest_copies")

    def _has_duplicates(self, checked: Checked) -> bool:
        names = checked.table.primary_key
        is_number = len(names) == 1 and checked.table.column(names[0]).data_type == "bigint"
        selects = []
        for part in checked.parts:
            values = ", ".join(part.attempt(name) for name in names)
            selects.append(
                f"select {values if is_number else f'hash({values})'} as k from {part.landed.relation} as p"
            )
        keys = " union all ".join(selects)
        passes = max(1, math.ceil(checked.total("rows") / KEYS_PER_PASS))
        for number in range(passes):
            one = f" where hash(k) % {passes} = {number}" if passes > 1 else ""
            found: Any = self.con.execute(f"select k from ({keys}){one}").fetchnumpy()["k"]
            values_ = np.ma.getdata(found)
            if not (values_[1:] > values_[:-1]).all():  # loaders often write in key order
                values_.sort()
                if (values_[1:] == values_[:-1]).any():
                    return True
        return False

    def _judge_conflicts(self, checked: Checked, keys: str) -> bool:
        conflicts = self.con.execute(
            f"""
            select {_joined(checked.table.primary_key)} as record_id, count(*) over () as conflicts
            from ingest_copies where _is_latest
            group by {keys} having count(distinct _content) > 1
            order by record_id limit {EXAMPLES}
            """
        ).fetchall()
        if not conflicts:
            return False
        checked.failed = True
        shown = (
            ", ".join(row[0] for row in conflicts) if checked.table.shows_keys else "keys not shown: personal"
        )
        self.problems.add(
            checked.source.name,
            f"table {checked.table.name}: {conflicts[0][1]:,} keys ({', '.join(checked.table.primary_key)}) have "
            f"several rows of different content and the same load time, so none is the latest ({shown})",
        )
        return True

    def _keep_latest(self, checked: Checked) -> None:
        self.con.execute(
            f"""
            insert into {EXCLUDED}
            select _part, _file, _row, null, case when _is_latest then 'duplicate_copy' else 'superseded' end, null
            from ingest_copies where _rank > 1
            """
        )
        self._count_removed(checked, REPLACED_RULES)
        for part in checked.parts:  # what the copies said no longer counts
            self._measure(checked, part)

    # -- quarantine -----------------------------------------------------------------------------------------

    def _quarantine_rows(self, checked: Checked) -> None:
        for part in checked.parts:
            facts = checked.facts[part.part_id]
            counts = {rule: facts.count(rule) for rule in ROW_RULES}
            if not any(counts.values()):
                continue
            rules = _row_rules(part)
            rule = " ".join(f"when {condition} then {literal(name)}" for name, condition, _ in rules)
            detail = " ".join(f"when {condition} then {text}" for _, condition, text in rules)
            self._exclude(
                checked,
                part,
                f"{self._typed(part, facts)} select {part.part_id}, _file, _row, {_record_id(part)}, "
                f"case {rule} end, case {detail} end from typed "
                f"where ({' or '.join(f'coalesce({condition}, false)' for _, condition, _ in rules)}){_live(part)}",
            )
        self._judge_share(checked, ROW_RULES)

    def _quarantine_orphans(self, checked: Checked, parent: Parent, target: Checked | None) -> None:
        column = identifier(parent.column)
        keys = _keys(target) if target and target.parts else "select null as k where false"
        # A null reference matches nothing either. No OR: it would turn the anti join into something slower.
        missing = f"not exists (select 1 from ({keys}) as k where k.k = {column})"
        if parent.optional:
            missing = f"{column} is not null and {missing}"
        for part in checked.parts:
            facts = checked.facts[part.part_id]
            typed = self._typed(part, facts)
            (count,) = self._one(f"{typed} select count(*) from typed where {missing}{_live(part)}")
            if count:
                detail = f"concat('no {parent.table} with id ', coalesce(cast({column} as varchar), 'null'))"
                self._exclude(
                    checked,
                    part,
                    f"{typed} select {part.part_id}, _file, _row, {_record_id(part)}, 'orphan', {detail} "
                    f"from typed where {missing}{_live(part)}",
                )
        self._judge_share(checked, ("orphan",))

    def _follow_parents(self, checked: Checked, parent: Parent, target: Checked) -> None:
        """Take out the children of rows that are deleted or quarantined themselves."""
        column = identifier(parent.column)
        (key,) = target.table.primary_key
        gone = " union all ".join(
            f"select {part.attempt(key)} as k, "
            f"if(coalesce(e.rule, 'parent_deleted') = 'parent_deleted', 'parent_deleted', 'parent_quarantined') "
            f"as gone_rule from {part.landed.relation} as p left join {EXCLUDED} as e on e.part_id = {part.part_id} "
            f"and e.file_index = p.file_index and e.file_row_number = p.file_row_number "
            f"where {part.deleted or 'false'} or e.rule not in ({', '.join(map(literal, REPLACED_RULES))})"
            for part in target.parts
        )
        self.con.execute(
            "create or replace temp table ingest_gone as "
            f"select k, min(gone_rule) as gone_rule from ({gone}) group by k"
        )
        for part in checked.parts:
            facts = checked.facts[part.part_id]
            self._exclude(
                checked,
                part,
                f"{self._typed(part, facts)} select {part.part_id}, _file, _row, {_record_id(part)}, gone_rule, "
                f"concat('{parent.table} ', cast(k as varchar)) from typed join ingest_gone on k = {column}"
                f"{_live(part)}",
            )
        self._count_removed(checked, QUARANTINE_RULES)

    def _exclude(self, checked: Checked, part: Part, query: str) -> None:
        self.con.execute(f"insert into {EXCLUDED} {query}")
        self._count_removed(checked, QUARANTINE_RULES)

    def _count_removed(self, checked: Checked, rules: Sequence[str]) -> None:
        ids = ", ".join(str(part.part_id) for part in checked.parts)
        rows = self.con.execute(
            f"select part_id, rule, count(*) from {EXCLUDED} where part_id in ({ids}) group by all"
        ).fetchall()
        checked.removed = {}
        for part_id, rule, count in rows:
            checked.removed[rule] = checked.removed.get(rule, 0) + count
            checked.facts[part_id].has_exclusions = True

    def _judge_share(self, checked: Checked, rules: Sequence[str]) -> None:
        rows = checked.total("rows")
        tolerated = max(MIN_TOLERATED_ROWS, int(rows * self.limits.quarantine_share))
        for rule in rules:
            count = checked.removed.get(rule, 0)
            if count <= tolerated:
                continue
            checked.failed = True
            ids = ", ".join(str(part.part_id) for part in checked.parts)
            examples = self.con.execute(
                f"select record_id, detail from {EXCLUDED} where part_id in ({ids}) and rule = {literal(rule)} "
                f"order by part_id, file_index, file_row_number limit {EXAMPLES}"
            ).fetchall()
            shown = "; ".join(f"{record_id}: {detail}" for record_id, detail in examples)
            self.problems.add(
                checked.source.name,
                f"table {checked.table.name}: rule {rule} takes out {count:,} of {rows:,} rows, more than the "
                f"{tolerated:,} that may be left aside ({shown})",
            )

    def _one(self, query: str) -> tuple[Any, ...]:
        (row,) = self.con.execute(query).fetchall()
        return tuple(row)


def _live(part: Part) -> str:
    """Restricts to rows that are not soft-deleted; no condition where there is no flag, lest it mislead the planner."""
    return " and not _deleted" if part.deleted else ""


def _ranged(part: Part) -> list[Column]:
    return [
        column
        for column in part.table.columns
        if part.casts[column.name] and (column.minimum is not None or column.maximum is not None)
    ]


def _conditions(part: Part) -> Iterator[tuple[str, str]]:
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


def _metrics(part: Part) -> Iterator[tuple[str, str]]:
    yield "rows", "count(*)"
    yield "deleted", "count(*) filter (where _deleted)" if part.deleted else "0"
    for key, _ in _conditions(part):
        yield key, f"count(*) filter (where {identifier(key)})"
    live = _live(part)
    nullable = [name for name in part.table.primary_key if not part.never_null(name)]
    if nullable:
        null = " or ".join(f"{identifier(name)} is null" for name in nullable)
        yield "null_key", f"count(*) filter (where ({null}){live})"
    counted: dict[str, list[str]] = {}
    for rule, condition, _ in _row_rules(part):
        counted.setdefault(rule, []).append(condition)
    for rule, conditions in counted.items():
        yield rule, f"count(*) filter (where ({' or '.join(conditions)}){live})"
    if part.has_time:
        yield "newest", f"max(_happened) filter (where not _implausible_date and not _later_than_load{live})"


def _row_rules(part: Part) -> list[tuple[str, str, str]]:
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
    for column in _ranged(part):
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


def _keys(checked: Checked) -> str:
    (key,) = checked.table.primary_key
    return " union all ".join(
        f"select {part.attempt(key)} as k from {part.landed.relation} as p" for part in checked.parts
    )


def _joined(names: Sequence[str]) -> str:
    return f"concat_ws('/', {', '.join(f'cast({identifier(name)} as varchar)' for name in names)})"


def _record_id(part: Part, *, attempt: bool = False) -> str:
    """The row's key as text; its row number where the table has no key or a personal one."""
    if not part.table.shows_keys:
        return (
            "concat('row ', cast(p.file_row_number + 1 as varchar))"
            if attempt
            else "concat('row ', cast(_row + 1 as varchar))"
        )
    if not attempt:
        return _joined(part.table.primary_key)
    return f"concat_ws('/', {', '.join(f'cast({part.attempt(name)} as varchar)' for name in part.table.primary_key)})"


def _example(part: Part, key: str | None, row: int, value: str | None) -> str:
    named = f"row {row}" + (
        f", {'/'.join(part.table.primary_key)} {key}" if key and part.table.shows_keys else ""
    )
    return f"{named}: {value!r}" if value is not None else named
