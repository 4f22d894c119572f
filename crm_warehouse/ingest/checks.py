"""The eager look at raw rows: what cannot be used at all, and which rows the written rules take out.

Belongs here: one aggregate pass per physical table and what follows from it. Does not: writing into the warehouse;
everything found stays in memory and a temporary table until the build's one transaction.
"""

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from crm_warehouse.ingest.casts import Cast
from crm_warehouse.ingest.checked import Checked, create_excluded
from crm_warehouse.ingest.conform import Facts, Part
from crm_warehouse.ingest.declaration import Column
from crm_warehouse.ingest.duplicates import have_duplicates, resolve_duplicates
from crm_warehouse.ingest.exclusions import Exclusions
from crm_warehouse.ingest.problems import Problems, shape, shown_key
from crm_warehouse.ingest.quarantine import EXAMPLES, refuse_too_many, take_out
from crm_warehouse.ingest.references import check_parents
from crm_warehouse.ingest.rules import ROW_RULES, Limits, metrics, row_rules
from crm_warehouse.ingest.scan import live, typed_rows
from crm_warehouse.ingest.sql import identifier, key_text, literal

# Up to here, grouping a column is cheaper than parsing every row of it.
FEW_DISTINCT = 100_000
# Numbers shorter than any phone number, numbers with a fraction, dates and times.
_HARMLESS = re.compile(
    r"[-+]?\d{0,6}([.,]\d{1,6})?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]\d{1,2}(:\d{1,2}){0,2}([.]\d*)?Z?)?"
)
SHOWN_VALUE_LENGTH = 20


class Checker:
    """Runs the checks over one connection; problems go to `problems`, removed rows to a temporary table."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        limits: Limits,
        problems: Problems,
        exclusions: Exclusions | None = None,
    ) -> None:
        self.con = con
        self.limits = limits
        self.problems = problems
        self.exclusions = exclusions or {}
        create_excluded(con)

    def check_rows(self, checked: Checked) -> None:
        """Casts, keys and duplicates, dates and ranges of one table."""
        self._measure(checked)
        self._judge_casts(checked)
        self._judge_null_keys(checked)
        if not checked.failed and checked.table.primary_key and checked.total("rows") > 1:
            self._resolve_duplicates(checked)
        if not checked.failed:
            self._exclude_rows(checked)
            self._quarantine_rows(checked)

    def check_parents(self, checked: Checked, tables: Mapping[str, Checked]) -> None:
        """References of one table to its parents; `tables` are those of the same source, parents checked first."""
        check_parents(self.con, self.limits, self.problems, checked, tables)

    def _measure(self, checked: Checked) -> None:
        for part in checked.parts:
            facts = checked.facts.setdefault(part.part_id, Facts())
            counted = dict(metrics(part))
            row = self._one(
                f"{typed_rows(part, self.limits, facts)} select {', '.join(counted.values())} from typed"
            )
            found = dict(zip(counted, row, strict=True))
            facts.newest_at = found.pop("newest", None)
            facts.counts = {key: int(value) for key, value in found.items()}
            for name, casts in part.casts.items():
                for index, cast in enumerate(casts):
                    if cast.json_column:
                        bad, probe = self._measure_json(part, cast, cast.json_column)
                        facts.counts |= {f"bad:{name}:{index}": bad, f"probe:{name}:{index}": probe}

    def _measure_json(self, part: Part, cast: Cast, column: str) -> tuple[int, int]:
        """A cast out of JSON, parsed once per distinct text where the column has few, as shipping prices do."""
        origin = f"from {part.landed.relation} as p"
        (distinct,) = self._one(f"select approx_count_distinct({column}) {origin}")
        count, group = ("count(*)", "group by 1") if distinct <= FEW_DISTINCT else ("1", "")
        bad, probe = self._one(
            f"select coalesce(sum(n) filter (where {cast.bad}), 0), "
            f"coalesce(sum(n) filter (where {cast.probe or 'false'}), 0) "
            f"from (select {column} as {column.removeprefix('p.')}, {count} as n {origin} {group}) as p"
        )
        return int(bad), int(probe)

    def _judge_casts(self, checked: Checked) -> None:
        for part in checked.parts:
            facts = checked.facts[part.part_id]
            for key, count in facts.counts.items():
                if key.startswith("bad:") and count:
                    _, name, index = key.split(":")
                    column = checked.table.column(name)
                    self._cast_problem(checked, part, column, part.casts[name][int(index)], count)
            for flag, cast in part.flags:
                if count := facts.count(f"flag:{flag.name}"):
                    self._cast_problem(checked, part, flag, cast, count)

    def _cast_problem(self, checked: Checked, part: Part, column: Column, cast: Cast, count: int) -> None:
        checked.failed = True
        value = f"left(cast({cast.raw} as varchar), {SHOWN_VALUE_LENGTH})" if column.may_be_shown else "null"
        key = ", ".join(f"cast({part.attempt(name)} as varchar)" for name in part.table.primary_key) or "null"
        rows = self.con.execute(
            f"select concat_ws('/', {key}), p.file_row_number + 1, {value} from {part.landed.relation} as p "
            f"where {cast.bad} limit {EXAMPLES}"
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
            typed = typed_rows(part, self.limits)
            rows = self.con.execute(
                f"{typed} select _row + 1 from typed where ({where}){live(part)} limit {EXAMPLES}"
            ).fetchall()
            self.problems.add(
                checked.source.name,
                f"table {part.label}: {count:,} rows have no key ({', '.join(part.table.primary_key)} is empty; "
                f"row {', '.join(str(row[0]) for row in rows)})",
            )

    def _resolve_duplicates(self, checked: Checked) -> None:
        if not have_duplicates(self.con, checked):
            return
        if problem := resolve_duplicates(self.con, checked):
            checked.failed = True
            self.problems.add(checked.source.name, problem)
        else:
            self._measure(checked)  # what the replaced copies said no longer counts

    def _exclude_rows(self, checked: Checked) -> None:
        """Take out what people know to be bad; nothing else is asked of those rows."""
        records = self.exclusions.get((checked.source.name, checked.table.name))
        if not records:
            return
        listed = ", ".join(map(literal, records))
        rows = f"where {key_text(checked.table.primary_key)} in ({listed})"
        for part in checked.parts:
            take_out(
                self.con,
                self.limits,
                checked,
                part,
                rule="'excluded'",
                detail="'listed in seeds/exclusions.csv'",
                rows=rows,
            )

    def _quarantine_rows(self, checked: Checked) -> None:
        for part in checked.parts:
            if not any(checked.facts[part.part_id].count(rule) for rule in ROW_RULES):
                continue
            rules = row_rules(part)
            name = " ".join(f"when {condition} then {literal(rule)}" for rule, condition, _ in rules)
            detail = " ".join(f"when {condition} then {text}" for _, condition, text in rules)
            broken = " or ".join(f"coalesce({condition}, false)" for _, condition, _ in rules)
            take_out(
                self.con,
                self.limits,
                checked,
                part,
                rule=f"case {name} end",
                detail=f"case {detail} end",
                rows=f"where ({broken})",
            )
        refuse_too_many(self.con, self.limits, self.problems, checked, ROW_RULES)

    def _one(self, query: str) -> tuple[Any, ...]:
        (row,) = self.con.execute(query).fetchall()
        return tuple(row)


def _example(part: Part, key: str | None, row: int, value: str | None) -> str:
    named = f"row {row}" + (
        f", {'/'.join(part.table.primary_key)} {shown_key(key)}" if key and part.table.shows_keys else ""
    )
    return f"{named}: {_shown(value)!r}" if value is not None else named


def _shown(value: str) -> str:
    """A value if it can only be a number or a date, else its shape: shifted columns put people anywhere."""
    if _HARMLESS.fullmatch(value):
        return value
    return shape(value)
