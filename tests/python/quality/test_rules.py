"""Which rules a candidate has to meet."""

from pathlib import Path

import duckdb
import pytest
import yaml

from crm_warehouse.errors import WarehouseError
from crm_warehouse.quality.rules import (
    ARRIVAL_DIR,
    EXACT_KEY_ROWS,
    RELEASE_DIR,
    Rule,
    arrival_rules,
    candidate_rules,
)

SUITE = """
table: orders
rules:
  - rule: orders_are_there
    why: Empty dashboards.
    not_empty_if: [order]
  - rule: orders_add_up
    why: Money appeared or vanished.
    failing_rows: select 1 from {batch} where net_amount <> 1
  - rule: orders_share_is_a_share
    why: Wrong base.
    expect: expect_column_values_to_be_between
    with: {column: share, min_value: 0, max_value: 1}
"""


def table(rows: int = 10, keys: list[list[str]] | None = None) -> dict[str, object]:
    return {"rows": rows, "keys": [["order_key"]] if keys is None else keys, "is_compared": False}


def rules_of(suites: Path, *, raw_orders: int, **options: object) -> dict[str, Rule]:
    sources = [{"table_name": "order", "row_count": raw_orders}]
    found = candidate_rules({"orders": table(**options)}, sources, suites)  # type: ignore[arg-type]  # mixed options
    return {rule.name: rule for rule in found}


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    (tmp_path / "orders.yml").write_text(SUITE)
    return tmp_path


def test_every_key_must_be_unique_and_present(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, raw_orders=1, keys=[["order_key"], ["source_name", "order_id"]])
    assert set(rules) == {
        "orders_order_key_is_unique",
        "orders_order_key_is_present",
        "orders_source_name_and_order_id_is_unique",
        "orders_source_name_is_present",
        "orders_order_id_is_present",
    }


def test_a_table_without_a_tested_key_fails(tmp_path: Path) -> None:
    assert set(rules_of(tmp_path, raw_orders=1, keys=[])) == {"orders_has_a_key"}


def test_keys_of_very_large_tables_are_checked_by_sample(tmp_path: Path) -> None:
    small = rules_of(tmp_path, raw_orders=1)["orders_order_key_is_unique"]
    large = rules_of(tmp_path, raw_orders=1, rows=EXACT_KEY_ROWS + 1)["orders_order_key_is_unique"]
    assert "hash" not in small.arguments["query"]
    assert 'hash("order_key") % 16 = 0' in large.arguments["query"]


def test_a_suite_adds_its_rules(suites: Path) -> None:
    rules = rules_of(suites, raw_orders=3)
    assert rules["orders_are_there"].arguments == {"min_value": 1}
    assert rules["orders_add_up"].arguments == {"query": "select 1 from {batch} where net_amount <> 1"}
    assert rules["orders_share_is_a_share"].expectation == "expect_column_values_to_be_between"


def test_a_table_may_be_empty_when_its_sources_are(suites: Path) -> None:
    assert "orders_are_there" not in rules_of(suites, raw_orders=0)


def test_two_rules_of_one_name_are_refused(suites: Path) -> None:
    (suites / "again.yml").write_text(SUITE)
    with pytest.raises(WarehouseError, match="Two audit rules share a name: orders_add_up"):
        rules_of(suites, raw_orders=1)


def test_a_malformed_suite_names_its_file(suites: Path) -> None:
    (suites / "broken.yml").write_text("table: orders\nrules:\n  - {rule: no_reason_given}\n")
    with pytest.raises(WarehouseError, match=r"broken.yml is not a suite"):
        rules_of(suites, raw_orders=1)


def test_a_table_is_compared_with_the_live_version_unless_it_is_a_difference(tmp_path: Path) -> None:
    tables = {"orders": {**table(), "is_compared": True}, "changes": table()}
    names = {rule.name: rule.needs_live for rule in candidate_rules(tables, [], tmp_path)}
    assert names["orders_keeps_its_rows"]
    assert "changes_keeps_its_rows" not in names


def test_only_text_that_is_not_declared_personal_is_searched_for_addresses(tmp_path: Path) -> None:
    columns = [
        {"name": "email", "type": "VARCHAR", "personal": True},
        {"name": "note", "type": "VARCHAR", "personal": False},
        {"name": "amount", "type": "DOUBLE", "personal": False},
    ]
    (rule,) = (
        rule
        for rule in candidate_rules({"orders": {**table(), "columns": columns}}, [], tmp_path)
        if rule.name == "orders_hides_no_personal_data"
    )
    assert '"note"' in rule.arguments["query"]
    assert '"email"' not in rule.arguments["query"]


@pytest.mark.parametrize(
    ("text", "is_exposed"),
    [
        ("ask ada@example.com first", True),
        ("+4915112345678", True),
        ("+44 (0)20 7946 0958", True),
        ("0049 151 12345678", True),
        ("00044123", False),  # an order's number
        ("00012345678905", False),  # an article's, as GTIN-14
        ("0012345678901234", False),  # a key that happens to have no letters
        ("00-1234-5678", False),
        ("2025-06-30 10:00:00", False),
    ],
)
def test_numbers_with_zeros_in_front_are_no_phone_numbers(
    tmp_path: Path, text: str, *, is_exposed: bool
) -> None:
    columns = [{"name": "note", "type": "VARCHAR"}]
    (rule,) = (
        rule
        for rule in candidate_rules({"orders": {**table(), "columns": columns}}, [], tmp_path)
        if rule.name == "orders_hides_no_personal_data"
    )
    with duckdb.connect() as con:
        con.execute("create table orders as select ? as note", [text])
        found = con.execute(rule.arguments["query"].replace("{batch}", "orders")).fetchall()
    assert bool(found) == is_exposed


def test_a_large_table_is_searched_for_addresses_all_over(tmp_path: Path) -> None:
    rows = 1_000_000
    columns = [{"name": "order_key", "type": "BIGINT"}, {"name": "note", "type": "VARCHAR"}]
    (rule,) = (
        rule
        for rule in candidate_rules({"orders": {**table(), "columns": columns, "rows": rows}}, [], tmp_path)
        if rule.name == "orders_hides_no_personal_data"
    )
    # As Great Expectations runs it: a batch is a query, not a table.
    query = rule.arguments["query"].replace("{batch}", "(select * from orders) as batch")
    with duckdb.connect() as con:
        con.execute("create table orders (order_key bigint, note varchar)")
        con.execute(
            "insert into orders select i, if(i % 1000 = 0, 'ada@example.com', 'none') from range(?) as r (i)",
            [rows],
        )
        assert 50 < len(con.execute(query).fetchall()) < 200


def test_a_warning_needs_an_owner_and_an_end(suites: Path) -> None:
    (suites / "warning.yml").write_text(
        "table: orders\nrules:\n- {rule: a, why: b., severity: warning, failing_rows: select 1}\n"
    )
    with pytest.raises(WarehouseError, match="a warning needs an owner and a last day"):
        rules_of(suites, raw_orders=1)


def test_the_projects_rules_say_why_and_name_their_table() -> None:
    for path in RELEASE_DIR.glob("[a-z]*.yml"):
        suite = yaml.safe_load(path.read_text())
        assert path.stem == suite["table"]
        for rule in suite["rules"]:
            assert rule["rule"].startswith(f"{suite['table']}_")
            assert rule["why"].endswith(".")


def test_rules_that_compare_name_what_they_found() -> None:
    compared = [rule for rule in [*arrival_rules(), *candidate_rules({}, [])] if rule.needs_live]
    assert len(compared) > 20
    for rule in compared:
        assert rule.has_findings, rule.name
        assert "as detail" in rule.arguments["query"], rule.name


def test_every_arrival_rule_states_its_limit() -> None:
    for path in [*ARRIVAL_DIR.glob("*.yml"), RELEASE_DIR / "_against_live.yml"]:
        for suite in yaml.safe_load_all(path.read_text()):
            for rule in suite["rules"]:
                assert {"why", "example", "fix", "limit"} <= set(rule), rule["rule"]
