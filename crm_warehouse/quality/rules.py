"""What the gates demand, as data: YAML files in suites/, plus what holds for every published table.

Belongs here: reading rules and deriving the common ones. Does not: running them (validation.py).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from crm_warehouse.errors import WarehouseError

SUITES_DIR = Path(__file__).parent / "suites"
ARRIVAL_DIR = SUITES_DIR / "arrival"
RELEASE_DIR = SUITES_DIR / "release"

# Finding every duplicate among 10 M text keys costs 2 CPU seconds, and dbt has tested the relation that was copied.
# Above this size one key in SAMPLE_SHARE is checked, chosen by hash, so that both copies of a key are in or out.
EXACT_KEY_ROWS = 5_000_000
SAMPLE_SHARE = 16

FAILING_ROWS = "failing_rows"
# The first column of a query with findings; an override names what stands in it.
SUBJECT = "subject"


@dataclass(frozen=True)
class Rule:
    """One demand on one table.

    Attributes:
        name: Unique, and a sentence: `orders_net_is_sales_less_refunds`.
        table: The table it is about.
        why: What goes wrong for readers when it fails.
        expectation: Great Expectations type, or `failing_rows` for a query that must return nothing.
        arguments: Arguments of the expectation, or the query under `query`.
        needs_live: Compares with the live version; without one it is `not_assessed`.
        counts_people: Holds totals against people one by one; totals go on counting who was erased since.
        owner: Who answers for a rule that only warns; None for a rule that blocks.
        until: Last day on which it only warns.
    """

    name: str
    table: str
    why: str
    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    needs_live: bool = False
    counts_people: bool = False
    owner: str | None = None
    until: date | None = None

    @property
    def has_findings(self) -> bool:
        """Whether its query names what broke it: `subject` and `detail`."""
        return f"as {SUBJECT}" in str(self.arguments.get("query", ""))


def arrival_rules(suites_dir: Path = ARRIVAL_DIR) -> list[Rule]:
    """All rules about what arrived."""
    return _distinct([rule for suite in _suites(suites_dir) for rule in _suite_rules(suite, [])], suites_dir)


def candidate_rules(
    tables: Mapping[str, Mapping[str, Any]], sources: list[dict[str, Any]], suites_dir: Path = RELEASE_DIR
) -> list[Rule]:
    """All rules for a candidate with these tables and this source report.

    Raises:
        WarehouseError: a suite file is malformed or two rules share a name.
    """
    rules = [rule for name, table in tables.items() for rule in _table_rules(name, table)]
    rules += [rule for suite in _suites(suites_dir) for rule in _suite_rules(suite, sources)]
    return _distinct(rules, suites_dir)


def _distinct(rules: list[Rule], suites_dir: Path) -> list[Rule]:
    names = [rule.name for rule in rules]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise WarehouseError(
            f"Two audit rules share a name: {', '.join(sorted(twice))}. Rename one in {suites_dir}."
        )
    return rules


def _table_rules(name: str, table: Mapping[str, Any]) -> Iterator[Rule]:
    if not table["keys"]:
        yield Rule(
            f"{name}_has_a_key",
            name,
            "A table whose key nobody tests can hold every row twice. Give its key a `unique` test in dbt.",
            FAILING_ROWS,
            {"query": "select 1 as problem from {batch} limit 1"},
        )
    for key in table["keys"]:
        yield _unique(name, key, table["rows"])
        for column in key:
            yield Rule(
                f"{name}_{column}_is_present",
                name,
                "A row without its key cannot be joined or traced.",
                # Answered from the file's statistics, where Great Expectations' own expectation reads the column.
                FAILING_ROWS,
                {"query": f'select 1 as missing from {{batch}} where "{column}" is null'},
            )
    if table.get("kind") != "view":  # a view reads tables that are looked at themselves
        yield from _personal_rules(name, table)
    if table.get("is_compared", True):
        yield from _live_rules(name, table)


def _live_rules(name: str, table: Mapping[str, Any]) -> Iterator[Rule]:
    """What every table that is not itself a difference must have in common with the live version's."""
    yield Rule(
        f"{name}_keeps_its_rows",
        name,
        "A table that shrinks or doubles between two versions lost or repeats what readers relied on.",
        FAILING_ROWS,
        {"query": _ROWS.format(name=name)},
        needs_live=True,
    )
    if table.get("kind") != "view" and (name in WIDE_TABLES or table["rows"] <= EXACT_KEY_ROWS):
        yield from _column_rules(name, table.get("columns", []))


def _column_rules(name: str, columns: list[dict[str, Any]]) -> Iterator[Rule]:
    names = [column["name"] for column in columns]
    rules: list[tuple[str, str, Callable[[str, list[str]], str], list[str]]] = [
        (
            "columns_stay_filled",
            "A column is suddenly empty for many; a join lost its other side.",
            _filled,
            names,
        ),
        (
            "columns_keep_varying",
            "A column that differed from row to row says one thing for all; a mapping or join writes a constant.",
            _varying,
            [column["name"] for column in columns if _COMPARABLE.match(column.get("type", ""))],
        ),
    ]
    if name in WIDE_TABLES:
        figures = [
            column["name"]
            for column in columns
            if _NUMBERS.match(column.get("type", "")) and not _NO_FIGURES.search(column["name"])
        ]
        rules.append(
            (
                "figures_keep_their_scale",
                "A figure is suddenly many times as large or as small; a model changed its unit or counts something "
                "twice.",
                _scaled,
                figures,
            )
        )
    for rule, why, query, compared in rules:
        if compared:
            arguments = {"query": query(name, compared)}
            yield Rule(f"{name}_{rule}", name, why, FAILING_ROWS, arguments, needs_live=True)


# Wide tables that everything ends in: a broken join shows as empty columns there.
WIDE_TABLES = ("customer_360", "orders")
_NUMBERS = re.compile("DOUBLE|FLOAT|DECIMAL|[A-Z]*INT")
_COMPARABLE = re.compile("DOUBLE|FLOAT|DECIMAL|[A-Z]*INT|BOOLEAN|DATE|TIMESTAMP|VARCHAR")
# Keys are no figures. Scores have a rule of their own, which knows when another model may change them. What is open
# now, and how long ago the last event was, may change for most people in a day: tickets are closed, a campaign is sent.
_NO_FIGURES = re.compile(
    "(_key|_id)$|^(days|open|pending)_|^(predicted|total_value|total_margin|formula_value|p_alive|churn|clv)"
)
_ROWS = """
select '{name}' as subject, row_count || ' rows, ' || published || ' published' as detail
from (
    select
        (select count(*) from {{batch}}) as row_count,
        (select count(*) from live.{name}) as published,
        (
            select greatest(1, max(now.as_of_date) - max(was.as_of_date))
                / greatest(7, max(was.as_of_date) - (select min(order_date) from live.orders))
            from warehouse_version as now cross join live.warehouse_version as was
        ) as share_of_history
) as counted
where published - row_count > greatest(20, 0.05 * published)
    or row_count - published > 200 + (0.3 + 3 * coalesce(share_of_history, 1)) * published
"""


def _filled(name: str, columns: list[str]) -> str:
    """In a wide table a tenth of the rows matters; elsewhere, where columns are of some rows, what all but vanishes."""
    counts = ", ".join(f'count("{column}")' for column in columns)
    names = ", ".join(f"'{column}'" for column in columns)
    share, share_was = "filled / row_count", "filled_was / published"
    lost = (
        f"{share_was} - {share} > 0.1"
        if name in WIDE_TABLES
        else f"{share_was} >= 0.2 and {share} < 0.2 * {share_was} and row_count >= 50"
    )
    return f"""
        select column_name as subject,
            round(100 * filled / row_count) || ' % filled, '
                || round(100 * filled_was / published) || ' % published' as detail
        from (
            select unnest([{names}]) as column_name, unnest(now.counts) as filled, now.row_count,
                unnest(was.counts) as filled_was, was.row_count as published
            from (select count(*) as row_count, [{counts}] as counts from {{batch}}) as now
            cross join (select count(*) as row_count, [{counts}] as counts from live.{name}) as was
        ) as compared
        where published >= 50 and row_count > 0 and {lost}
    """


def _varying(name: str, columns: list[str]) -> str:
    """One value for all, where a tenth of the live version's rows, and 20, had another and not all the same one."""
    names = ", ".join(f"'{column}'" for column in columns)
    values = ", ".join(f'min("{column}") as "{column}"' for column in columns)
    constant = ", ".join(
        f'min("{column}") = max("{column}") and count("{column}") >= 50' for column in columns
    )
    others = ", ".join(
        f'case when min(was."{column}") <> max(was."{column}") '
        f'then count(*) filter (where was."{column}" <> now."{column}") else 0 end'
        for column in columns
    )
    filled = ", ".join(f'count(was."{column}")' for column in columns)
    return f"""
        with now as (
            select {values}, [{constant}] as is_constant from {{batch}}
        )
        select column_name as subject,
            'one value for all, another one in ' || others || ' of ' || filled || ' published' as detail
        from (
            select unnest([{names}]) as column_name, unnest(now.is_constant) as is_constant,
                unnest(was.others) as others, unnest(was.filled) as filled
            from now
            cross join (
                select [{others}] as others, [{filled}] as filled from live.{name} as was cross join now
            ) as was
        ) as compared
        where is_constant and others >= greatest(20, 0.1 * filled)
    """


def _scaled(name: str, columns: list[str]) -> str:
    """Typical size of what is not zero, on the scale of logarithms, and in how many rows it is not."""
    names = ", ".join(f"'{column}'" for column in columns)
    sizes = ", ".join(
        f'avg(ln(abs(cast("{column}" as double)))) filter (where "{column}" <> 0)' for column in columns
    )
    counts = ", ".join(f'count(*) filter (where "{column}" <> 0)' for column in columns)
    figures = f"[{sizes}] as sizes, [{counts}] as counts"
    return f"""
        select column_name as subject,
            'typically ' || coalesce(round(exp(size), 2), 0) || ' in ' || people || ' rows, '
                || round(exp(size_was), 2) || ' in ' || people_was || ' published' as detail
        from (
            select unnest([{names}]) as column_name, unnest(now.sizes) as size, unnest(now.counts) as people,
                unnest(was.sizes) as size_was, unnest(was.counts) as people_was, pause.days
            from (select {figures} from {{batch}}) as now
            cross join (select {figures} from live.{name}) as was
            cross join (
                select max(now.as_of_date) - max(was.as_of_date) as days
                from warehouse_version as now cross join live.warehouse_version as was
            ) as pause
        ) as compared
        where (least(people, people_was) >= 50 and abs(size - size_was) > ln(3) + days / 30)
            or (people_was >= 100 and people < people_was / 10 and days <= 31)
    """


def _unique(name: str, key: list[str], rows: int) -> Rule:
    columns = ", ".join(f'"{column}"' for column in key)
    sample = f" where hash({columns}) % {SAMPLE_SHARE} = 0" if rows > EXACT_KEY_ROWS else ""
    return Rule(
        f"{name}_{'_and_'.join(key)}_is_unique",
        name,
        "Duplicates are counted twice by every reader that sums or joins.",
        FAILING_ROWS,
        {"query": f"select {columns} from {{batch}}{sample} group by {columns} having count(*) > 1"},
    )


# Rows looked at for personal data: the whole table if it is small, else this many ranges of a fixed length.
PERSONAL_SAMPLE_RANGES = 40
PERSONAL_SAMPLE_ROWS = 2_500
# No braces: Great Expectations reads them as placeholders. Order numbers, article numbers and keys may be all digits
# with zeros in front: 00 is a phone number's only where a country's number and a separator follow.
_EMAIL = r"regexp_matches({column}, '[^@\s]+@[^@\s]+\.[A-Za-z][A-Za-z]+')"
_PHONE = (
    r"(length({column}) between 8 and 22 and "
    r"regexp_full_match({column}, '(\+[0-9]|00[1-9][0-9]?[0-9]?[ ()/.-])[0-9 ()/.-]+'))"
)


def _personal_rules(name: str, table: Mapping[str, Any]) -> Iterator[Rule]:
    """Addresses and phone numbers only where the column is declared personal."""
    columns = [
        f'"{column["name"]}"'
        for column in table.get("columns", [])
        if column.get("type") == "VARCHAR" and not column.get("personal")
    ]
    if not columns:
        return
    tests = [pattern.format(column=column) for column in columns for pattern in (_EMAIL, _PHONE)]
    sample = _sample(table["rows"])
    # Row ids exist in the table itself, not in the query that Great Expectations puts for a batch; it insists on one.
    rows = f'"{name}" /* {{batch}} */ where {sample} and' if sample else "{batch} where"
    yield Rule(
        f"{name}_hides_no_personal_data",
        name,
        "Whoever may read a column that is not declared personal would see addresses or phone numbers.",
        FAILING_ROWS,
        {"query": f"select 1 as exposed from {rows} ({' or '.join(tests)})"},
    )


def _sample(rows: int) -> str | None:
    """Condition for rows from all over a large table; None if all of its rows are few enough."""
    if rows <= PERSONAL_SAMPLE_RANGES * PERSONAL_SAMPLE_ROWS:
        return None
    starts = range(0, rows, rows // PERSONAL_SAMPLE_RANGES)
    ranges = (f"rowid between {start} and {start + PERSONAL_SAMPLE_ROWS - 1}" for start in starts)
    return f"({' or '.join(ranges)})"


def _suites(suites_dir: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(suites_dir.glob("*.yml")):
        try:
            for suite in yaml.safe_load_all(path.read_text()):
                yield path, suite
        except yaml.YAMLError as error:
            raise WarehouseError(f"{path} is not a suite of audit rules: {error!r}.") from error


def _suite_rules(suite: tuple[Path, dict[str, Any]], sources: list[dict[str, Any]]) -> Iterator[Rule]:
    path, content = suite
    try:
        for entry in content["rules"]:
            rule = _rule(content["table"], entry, sources)
            if rule:
                yield rule
    except (KeyError, TypeError) as error:
        raise WarehouseError(f"{path} is not a suite of audit rules: {error!r}.") from error


def _rule(table: str, entry: Mapping[str, Any], sources: list[dict[str, Any]]) -> Rule | None:
    expectation, arguments = FAILING_ROWS, {}
    if FAILING_ROWS in entry:
        arguments = {"query": entry[FAILING_ROWS]}
    elif "not_empty_if" in entry:
        if not _raw_rows(sources, entry["not_empty_if"]):
            return None
        expectation, arguments = "expect_table_row_count_to_be_between", {"min_value": 1}
    else:
        expectation, arguments = entry["expect"], dict(entry["with"])
    return Rule(
        name=entry["rule"],
        table=table,
        why=entry["why"],
        expectation=expectation,
        arguments=arguments,
        needs_live=bool(entry.get("needs_live")),
        counts_people=bool(entry.get("counts_people")),
        owner=_warning_owner(entry),
        until=entry.get("until"),
    )


def _warning_owner(entry: Mapping[str, Any]) -> str | None:
    if entry.get("severity", "error") == "error":
        return None
    if not entry.get("owner") or not isinstance(entry.get("until"), date):
        raise KeyError(f"{entry['rule']}: a warning needs an owner and a last day (until)")
    return str(entry["owner"])


def _raw_rows(sources: Iterable[Mapping[str, Any]], tables: list[str]) -> int:
    return sum(source["row_count"] or 0 for source in sources if source["table_name"] in tables)
