"""What the release gate demands, as data: one YAML file per entity in suites/, plus what holds for every table.

Belongs here: reading rules and deriving the common ones. Does not: running them (validation.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crm_warehouse.errors import WarehouseError

SUITES_DIR = Path(__file__).parent / "suites"

# Finding every duplicate among 10 M text keys costs 2 CPU seconds, and dbt has tested the relation that was copied.
# Above this size one key in SAMPLE_SHARE is checked, chosen by hash, so that both copies of a key are in or out.
EXACT_KEY_ROWS = 5_000_000
SAMPLE_SHARE = 16

FAILING_ROWS = "failing_rows"


@dataclass(frozen=True)
class Rule:
    """One demand on one published table.

    Attributes:
        name: Unique, and a sentence: `orders_net_is_sales_less_refunds`.
        table: The table it is about.
        why: What goes wrong for readers when it fails.
        expectation: Great Expectations type, or `failing_rows` for a query that must return nothing.
        arguments: Arguments of the expectation, or the query under `query`.
    """

    name: str
    table: str
    why: str
    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)


def candidate_rules(
    tables: Mapping[str, Mapping[str, Any]], sources: list[dict[str, Any]], suites_dir: Path = SUITES_DIR
) -> list[Rule]:
    """All rules for a candidate with these tables and this source report.

    Raises:
        WarehouseError: a suite file is malformed or two rules share a name.
    """
    rules = [rule for name, table in tables.items() for rule in _key_rules(name, table)]
    for path in sorted(suites_dir.glob("*.yml")):
        rules += _suite_rules(path, sources)
    names = [rule.name for rule in rules]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise WarehouseError(
            f"Two audit rules share a name: {', '.join(sorted(twice))}. Rename one in {suites_dir}."
        )
    return rules


def _key_rules(name: str, table: Mapping[str, Any]) -> Iterator[Rule]:
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
                {"query": f'select 1 as missing from {{batch}} where "{column}" is null'},  # noqa: S608
            )


def _unique(name: str, key: list[str], rows: int) -> Rule:
    columns = ", ".join(f'"{column}"' for column in key)
    sample = f" where hash({columns}) % {SAMPLE_SHARE} = 0" if rows > EXACT_KEY_ROWS else ""
    return Rule(
        f"{name}_{'_and_'.join(key)}_is_unique",
        name,
        "Duplicates are counted twice by every reader that sums or joins.",
        FAILING_ROWS,
        {"query": f"select {columns} from {{batch}}{sample} group by {columns} having count(*) > 1"},  # noqa: S608
    )


def _suite_rules(path: Path, sources: list[dict[str, Any]]) -> Iterator[Rule]:
    try:
        suite = yaml.safe_load(path.read_text())
        for entry in suite["rules"]:
            rule = _rule(suite["table"], entry, sources)
            if rule:
                yield rule
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise WarehouseError(f"{path} is not a suite of audit rules: {error!r}.") from error


def _rule(table: str, entry: Mapping[str, Any], sources: list[dict[str, Any]]) -> Rule | None:
    name, why = entry["rule"], entry["why"]
    if FAILING_ROWS in entry:
        return Rule(name, table, why, FAILING_ROWS, {"query": entry[FAILING_ROWS]})
    if "not_empty_if" in entry:
        raw_rows = sum(s["row_count"] or 0 for s in sources if s["table_name"] in entry["not_empty_if"])
        if raw_rows == 0:
            return None
        return Rule(name, table, why, "expect_table_row_count_to_be_between", {"min_value": 1})
    return Rule(name, table, why, entry["expect"], dict(entry["with"]))
