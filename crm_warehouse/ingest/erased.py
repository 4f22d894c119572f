"""Erased people in raw input: their records left out, what they did kept without them.

Belongs here: finding their rows by tombstones, as the declarations say whom a row is about. Does not: requests and
tombstones themselves (crm_warehouse/privacy).

Nothing here runs, and no view is different, while nobody has been erased. Afterwards a row's place in its file is all
that is written down: neither the warehouse nor its views hold a value or a hash of anybody erased.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import cast

import duckdb
from jinja2 import Environment

from crm_warehouse.ingest.checked import ERASED, EXCLUDED, Checked, count_removed
from crm_warehouse.ingest.conform import Facts, Part, erased_join, erased_where, make_part
from crm_warehouse.ingest.declaration import Candidate, Column
from crm_warehouse.ingest.files import rewritten, without_erased
from crm_warehouse.ingest.rules import ERASED_RULE
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.privacy import vault
from crm_warehouse.settings import PROJECT_DIR, Settings

_BLOCK = 64  # of SHA-256, in bytes
_NORMALIZED_EMAIL = PROJECT_DIR / "macros" / "identity" / "normalized_email.sql"
# Shorter values would be found everywhere by chance.
_SHORTEST_SOUGHT = 6

Guard = Callable[[Checked, Callable[[], None]], None]


@cache
def normalized_email(address: str) -> str:
    """SQL for the mailbox that an address delivers to: identity's own macro, which needs nothing of dbt."""
    template = Environment(autoescape=False).from_string(_NORMALIZED_EMAIL.read_text())  # noqa: S701 - SQL, not HTML
    macro = cast("Callable[[str], str]", vars(template.module)["normalized_email"])
    return str(macro(f"lower(trim({address}))"))


def international_phone(number: str) -> str:
    """SQL for a number in E.164; null unless it was written internationally, which alone is unique in the world."""
    digits = f"regexp_replace(regexp_replace(replace({number}, '(0)', ''), '[^0-9+]+', '', 'g'), '^00', '+')"
    return f"case when regexp_full_match({digits}, '\\+[1-9][0-9]{{7,14}}') then {digits} end"


_SPELLINGS: dict[str, Callable[[str], str]] = {"email": normalized_email, "phone": international_phone}


class Erasures:
    """Finds the rows of erased people in one ingest's raw tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        self.con = con
        self.settings = settings

    def take_out(self, checked: Sequence[Checked], guard: Guard) -> None:
        """Leave erased people out of every table that is about people.

        Args:
            checked: All tables of all sources, not yet checked.
            guard: Runs the reading of one table and notes if its file is damaged.
        """
        stones = vault.known_tombstones(self.settings)
        if not stones:
            return
        # A past day or an hourly run has the vault of another warehouse, and not the lock that its requests need.
        is_own_vault = vault.root(self.settings) == self.settings.out
        # One that came after the build had begun is the next build's.
        requests = [r for r in vault.open_requests(self.settings) if is_own_vault and r.build_id]
        if requests:
            # The others' values were sought when their own requests were open.
            self._find(
                [stone for stone in stones if stone.erased_at >= requests[0].requested_at], checked, guard
            )
            self.con.execute("create or replace temp table ingest_sought as from ingest_touched")
        self._find(stones, checked, guard)
        for entry in checked:
            for part in entry.parts:
                guard(entry, partial(self._remember, entry, part))
        if requests:
            requests[-1].values = sorted({*requests[-1].values, *self._values(checked)})
            vault.save_request(self.settings, requests[-1])
        for entry in checked:
            entry.parts = [self._without_copy(entry, part) for part in entry.parts]

    def _find(self, stones: Sequence[vault.Tombstone], checked: Sequence[Checked], guard: Guard) -> None:
        """Fill `ingest_touched` with the rows that these tombstones reach."""
        self._prepare(stones)
        for source in dict.fromkeys(entry.source for entry in checked):
            tables = {entry.table.name: entry for entry in checked if entry.source == source}
            for entry in _people_first(tables):
                guard(entry, partial(self._find_rows, entry, tables))

    def _prepare(self, stones: Sequence[vault.Tombstone]) -> None:
        """The hash function and what to compare with. The key is a variable: it shows in no statement."""
        key = vault.erasure_key(self.settings).ljust(_BLOCK, b"\0")
        self.con.execute("set variable erasure_inner = ?", [bytes(byte ^ 0x36 for byte in key)])
        self.con.execute("set variable erasure_outer = ?", [bytes(byte ^ 0x5C for byte in key)])
        self.con.execute(
            "create or replace temp macro erasure_hash(message) as sha256(getvariable('erasure_outer') || "
            "unhex(sha256(getvariable('erasure_inner') || encode(message))))"
        )
        for table in (
            "ingest_tombstones (kind varchar, hash varchar, erased_at timestamp)",
            "ingest_erased_ids (source_name varchar, table_name varchar, id varchar)",
            "ingest_touched (part_id integer, file_index ubigint, file_row_number bigint, loses_person boolean)",
        ):
            self.con.execute(f"create or replace temp table {table}")
        if rows := [[stone.kind, stone.hash, stone.erased_at] for stone in stones]:
            self.con.executemany("insert into ingest_tombstones values (?, ?, ?)", rows)

    # -- finding ----------------------------------------------------------------------------------------------

    def _find_rows(self, entry: Checked, tables: Mapping[str, Checked]) -> None:
        for part in entry.parts:
            reasons = list(self._reasons(part, tables))
            if not reasons:
                continue
            self.con.execute(
                f"insert into ingest_touched select {part.part_id}, _file, _row, bool_or(_loses_person) "
                f"from ({' union all '.join(reasons)}) group by all"
            )
            if len(entry.table.primary_key) == 1:
                (key,) = entry.table.primary_key
                self.con.execute(
                    f"insert into ingest_erased_ids select {literal(part.source.name)}, {literal(part.table.name)}, "
                    f"cast({part.attempt(key)} as varchar) from {part.landed.relation} as p "
                    f"semi join ingest_touched as x on {_same_row(part)}"
                )

    def _reasons(self, part: Part, tables: Mapping[str, Checked]) -> Iterator[str]:
        """One query per reason why a row is about somebody erased."""
        owners = [column for column in part.table.columns if column.person and part.casts[column.name]]
        if part.table.record_type:
            yield self._by_record(part, owners)
        for column in part.table.columns:
            if column.identifier and part.casts[column.name]:
                yield self._by_identifier(part, column)
        for column in owners:
            target = tables[str(column.person)]
            if column.is_person_key:
                self._note_people_without_row(part, column, target)
            yield _rows(
                part,
                f"cast({part.attempt(column.name)} as varchar) in (select id from ingest_erased_ids where "
                f"source_name = {literal(part.source.name)} and table_name = {literal(target.table.name)})",
                loses_person=column.is_person_key,
            )

    def _by_record(self, part: Part, owners: Sequence[Column]) -> str:
        """Rows that are an erased record; one that names its owner is no record of its own."""
        (key,) = part.table.primary_key
        conditions = [f"{part.attempt(column.name)} is null" for column in owners]
        conditions.append(_is_erased_record(part, part.table.record_type, part.attempt(key)))
        return _rows(part, " and ".join(conditions))

    def _by_identifier(self, part: Part, column: Column) -> str:
        """Rows that carry an erased address and are not newer than the request. Distinct addresses are hashed once."""
        kind = str(column.identifier)
        addresses = identifier(f"ingest_erased_{part.part_id}_{column.name}")
        spelled = _SPELLINGS[kind](part.attempt(column.name))
        self.con.execute(
            f"create or replace temp table {addresses} as select address, erased_at from "
            f"(select distinct {spelled} as address from {part.landed.relation} as p) inner join ingest_tombstones "
            f"on kind = {literal(kind)} and hash = erasure_hash(concat_ws(chr(31), {literal(kind)}, address))"
        )
        times = [part.attempt(name) for name in part.table.happened_at if part.casts[name]]
        newer = f" and coalesce({', '.join(times)}, e.erased_at) <= e.erased_at" if times else ""
        return _rows(part, f"exists (select 1 from {addresses} as e where e.address = {spelled}{newer})")

    def _note_people_without_row(self, part: Part, column: Column, target: Checked) -> None:
        """An erased account whose row the loader has removed since is still named by what it did."""
        reference = f"cast({part.attempt(column.name)} as varchar)"
        known = " union all ".join(
            f"select cast({p.attempt(target.table.primary_key[0])} as varchar) as id from {p.landed.relation} as p"
            for p in target.parts
        )
        missing = f" anti join ({known}) as k on k.id = r.id" if known else ""
        self.con.execute(
            f"insert into ingest_erased_ids select {literal(part.source.name)}, {literal(target.table.name)}, id from "
            f"(select distinct r.id from (select {reference} as id from {part.landed.relation} as p) as r{missing}) "
            f"where {_is_erased_record(part, target.table.record_type, 'id')}"
        )

    def _remember(self, entry: Checked, part: Part) -> None:
        """Bring the rows to where views look: whole rows that go, and rows that lose the person."""
        facts = entry.facts.setdefault(part.part_id, Facts())
        touched = f"from ingest_touched where part_id = {part.part_id}"
        (count,) = self.con.execute(f"select count(*) {touched}").fetchall()[0]
        if not count:
            return
        if part.table.goes_with_person:
            self.con.execute(
                f"insert into {EXCLUDED} select part_id, file_index, file_row_number, null, {literal(ERASED_RULE)}, "
                f"null {touched}"
            )
            count_removed(self.con, entry)
        else:
            self.con.execute(f"insert into {ERASED} select * {touched}")
            facts.has_erased = True

    # -- what must not be found afterwards --------------------------------------------------------------------

    def _values(self, checked: Sequence[Checked]) -> list[str]:
        """Personal values of the people being erased that nobody else has, for the proof."""
        self.con.execute("create or replace temp table ingest_values (value varchar)")
        parts = [part for entry in checked if not entry.failed for part in entry.parts]
        for part in parts:
            for value in _personal(part):
                self.con.execute(
                    f"insert into ingest_values select distinct {value} from {part.landed.relation} as p "
                    f"semi join ingest_sought as x on {_same_row(part)} where length({value}) >= {_SHORTEST_SOUGHT} "
                    f"and (regexp_matches({value}, '[^\\W\\d]') or length({value}) > 8)"
                    # A single word is a name that others have too, in their addresses and in products.
                    f"and regexp_matches({value}, '[0-9@]|\\S\\s+\\S')"
                )
        # In any spelling and as a part, since that is how the proof looks for it. Parts are found by comparing every
        # two values; equal ones go first, by a hash join, and leave few.
        for condition in ("kept.value = lower(sought.value)", "contains(kept.value, lower(sought.value))"):
            for part in parts:
                for value in _personal(part):
                    self.con.execute(
                        f"delete from ingest_values as sought using (select distinct lower({value}) as value from "
                        f"{part.landed.relation} as p anti join ingest_touched as x on {_same_row(part)}) as kept "
                        f"where {condition}"
                    )
        return [row[0] for row in self.con.execute("select distinct value from ingest_values").fetchall()]

    # -- copies -----------------------------------------------------------------------------------------------

    def _without_copy(self, entry: Checked, part: Part) -> Part:
        """A copy of raw data is ours: it is written again without the people, and needs no filter then."""
        facts = entry.facts.get(part.part_id)
        if not part.landed.is_copy or facts is None or not (facts.has_erased or facts.has_exclusions):
            return part
        (copy,) = part.landed.files
        gone = f" anti join {EXCLUDED} as e on e.part_id = {part.part_id} and e.file_row_number = p.file_row_number"
        joins = gone + erased_join(part.part_id, ERASED)
        query = f"select p.* {_replaced(part)} from {part.landed.relation} as p{joins}"
        landed = rewritten(self.con, part.landed, query, without_erased(self.settings, copy))
        for relation in (EXCLUDED, ERASED):
            self.con.execute(f"delete from {relation} where part_id = {part.part_id}")
        entry.facts[part.part_id] = Facts()
        return make_part(part.part_id, part.source, part.table, landed)


def _people_first(tables: Mapping[str, Checked]) -> list[Checked]:
    """Whoever is pointed to comes before whoever points."""
    ordered: dict[str, Checked] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        for column in tables[name].table.columns:
            if column.person and column.person != name:
                visit(column.person)
        ordered[name] = tables[name]

    for name in tables:
        visit(name)
    return list(ordered.values())


def _rows(part: Part, condition: str, *, loses_person: bool = False) -> str:
    return (
        f"select p.file_index as _file, p.file_row_number as _row, {str(loses_person).lower()} as _loses_person "
        f"from {part.landed.relation} as p where {condition}"
    )


def _same_row(part: Part) -> str:
    return f"x.part_id = {part.part_id} and x.file_index = p.file_index and x.file_row_number = p.file_row_number"


def _is_erased_record(part: Part, record_type: str | None, key: str) -> str:
    """The message that `vault.keyed_hash` was given for a record."""
    parts = [
        literal("record"),
        literal(part.source.name),
        literal(str(record_type)),
        f"cast({key} as varchar)",
    ]
    return (
        f"erasure_hash(concat_ws(chr(31), {', '.join(parts)})) "
        "in (select hash from ingest_tombstones where kind = 'record')"
    )


def _personal(part: Part) -> Iterator[str]:
    for column in part.table.columns:
        if column.personal and part.casts[column.name]:
            yield f"trim({part.attempt(column.name)})"


def _replaced(part: Part) -> str:
    """`replace (…)` that blanks every physical column, or the place in its JSON, that says who it was."""
    values: dict[str, str] = {}
    kinds = {name.lower(): (name, kind) for name, kind in part.landed.columns}
    for column in part.table.columns:
        condition = erased_where(part, column)
        for candidate in column.candidates if condition else ():
            if found := kinds.get(candidate.column.lower()):
                name, kind = found
                before = values.get(name, f"p.{identifier(name)}")
                blank = _blank(before, kind, candidate)
                values[name] = f"case when {condition} then {blank} else {before} end"
    if not values:
        return ""
    return f"replace ({', '.join(f'{value} as {identifier(name)}' for name, value in values.items())})"


def _blank(value: str, kind: str, candidate: Candidate) -> str:
    if candidate.json_path is None or kind.upper() not in {"VARCHAR", "JSON"}:
        return "null"
    patch = "null"
    for name in reversed(candidate.json_path.removeprefix("$.").split(".")):
        patch = f'{{"{name}": {patch}}}'
    return f"cast(json_merge_patch(cast({value} as json), {literal(patch)}) as {kind})"
