"""The segment registry: rules name real columns, and the exclusive types leave nobody out and nobody twice."""

import difflib
from itertools import product
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from sqlglot import exp

from crm_warehouse.settings import PROJECT_DIR

Segment = dict[str, Any]

PROJECT = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
SEGMENTS: list[Segment] = PROJECT["vars"]["segments"]
FORBIDDEN = (exp.Subquery, exp.Select, exp.AggFunc, exp.Window)
CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.Column)


def model_columns(file: str, model: str) -> dict[str, dict[str, Any]]:
    models = yaml.safe_load((PROJECT_DIR / "models" / file).read_text())["models"]
    columns = next(entry["columns"] for entry in models if entry["name"] == model)
    return {column["name"]: column for column in columns}


ATTRIBUTES = model_columns(
    "intermediate/customer_360/_customer_attributes__models.yml", "int_customer_attributes"
)
ASSIGNED = model_columns(
    "intermediate/customer_360/_customer_360__models.yml", "int_customer_segments_assigned"
)
CUSTOMER_360 = model_columns("marts/customer_360/_customer_360__models.yml", "customer_360")


def rule_problems(rule: str) -> list[str]:
    """What is wrong with a rule, in the words of whoever has to correct it."""
    try:
        tree = sqlglot.parse_one(rule, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        return [f"is no SQL condition: {error}"]
    problems = [
        f"names no column of int_customer_attributes: {column.name}"
        + "".join(
            f" (did you mean {close}?)" for close in difflib.get_close_matches(column.name, ATTRIBUTES, n=1)
        )
        for column in tree.find_all(exp.Column)
        if column.name not in ATTRIBUTES
    ]
    if next(tree.find_all(*FORBIDDEN), None):
        problems.append("may only look at one customer's row: no subquery, aggregate or window")
    if not isinstance(tree.unnest(), CONDITIONS):
        problems.append("is no condition")
    return problems


def of_type(segment_type: str) -> list[Segment]:
    return [segment for segment in SEGMENTS if segment["segment_type"] == segment_type]


def memberships(segments: list[Segment], columns: str, rows: str) -> list[tuple[Any, ...]]:
    """Rows of `columns` that are not in exactly one of the segments."""
    count = " + ".join(f"cast(coalesce(({segment['rule']}), false) as integer)" for segment in segments)
    return duckdb.sql(f"select * from (values {rows}) as t({columns}) where {count} != 1").fetchall()


@pytest.mark.parametrize("segment", SEGMENTS, ids=lambda segment: segment["segment_key"])
def test_rule_is_a_condition_on_columns_of_int_customer_attributes(segment: Segment) -> None:
    assert rule_problems(segment["rule"]) == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("order_cuont > 1", "order_cuont (did you mean order_count?)"),
        ("order_count > (select 1)", "no subquery"),
        ("sum(order_count) > 1", "no subquery, aggregate"),
        ("order_count + 1", "is no condition"),
        ("order_count >", "is no SQL condition"),
    ],
)
def test_wrong_rule_is_explained(rule: str, problem: str) -> None:
    assert any(problem in found for found in rule_problems(rule))


def test_every_combination_of_scores_is_in_exactly_one_rfm_group() -> None:
    rows = ", ".join(str(scores) for scores in product(range(1, 6), repeat=3))
    assert memberships(of_type("rfm"), "recency_score, frequency_score, monetary_score", rows) == []


def test_who_never_bought_is_in_no_rfm_group() -> None:
    outside = memberships(
        of_type("rfm"), "recency_score, frequency_score, monetary_score", "(null::int, null, null)"
    )
    assert len(outside) == 1


def test_every_history_is_in_exactly_one_lifecycle_stage() -> None:
    days = [0, 1, 179, 180, 181, 364, 365, 366, 5000]
    once = [(1, day, None) for day in days]
    several = [(count, day, gap) for count in (2, 4, 5, 6, 99) for day in days for gap in (1, 180, 365, 366)]
    never = [(0, None, None)]
    contacts = [("a@b.example", None), (None, "+49"), ("a@b.example", "+49"), (None, None)]
    rows = ", ".join(
        "(" + ", ".join("null" if value is None else repr(value) for value in (*history, *contact)) + ")"
        for history in [*never, *once, *several]
        for contact in contacts
    )
    columns = "purchase_day_count, days_since_last_purchase, last_purchase_gap_days, email, phone"
    assert memberships(of_type("lifecycle"), columns, rows) == []


EVERYBODY = {
    "value": ("monetary_score", [(score,) for score in range(1, 6)]),
    "engagement": ("days_since_last_email_engagement", [(day,) for day in (None, 0, 30, 31, 180, 181, 9999)]),
    "channel": ("preferred_channel", [("email",), ("sms",), (None,)]),
}


def test_every_other_type_is_free_or_tested_here() -> None:
    types = {segment["segment_type"] for segment in SEGMENTS}
    assert types == {"action", "lifecycle", "rfm", *EVERYBODY}


@pytest.mark.parametrize("segment_type", EVERYBODY)
def test_an_exclusive_type_leaves_nobody_out_and_nobody_twice(segment_type: str) -> None:
    columns, cases = EVERYBODY[segment_type]
    rows = ", ".join(
        "(" + ", ".join("null" if value is None else repr(value).lower() for value in case) + ")"
        for case in cases
    )
    assert memberships(of_type(segment_type), columns, rows) == []


@pytest.mark.parametrize(("segment_type", "column"), [("lifecycle", "lifecycle_stage"), ("rfm", "rfm_group")])
def test_exclusive_segments_and_their_accepted_values_agree(segment_type: str, column: str) -> None:
    accepted = next(
        test["accepted_values"]["arguments"]["values"]
        for test in ASSIGNED[column]["data_tests"]
        if isinstance(test, dict) and "accepted_values" in test
    )
    assert {segment["segment_key"] for segment in of_type(segment_type)} == {
        f"{segment_type}_{v}" for v in accepted
    }


def test_every_segment_is_explained_in_the_docs() -> None:
    text = (PROJECT_DIR / "docs" / "segments.md").read_text()
    assert [s["segment_key"] for s in SEGMENTS if f"`{s['segment_key']}`" not in text] == []


def test_customer_360_has_every_attribute_as_int_customer_attributes_describes_it() -> None:
    drifted = [
        name for name, column in ATTRIBUTES.items() if told(column) != told(CUSTOMER_360.get(name, {}))
    ]
    assert drifted == []


def told(column: dict[str, Any]) -> tuple[Any, ...]:
    """What two models must say alike of a column that one passes on to the other."""
    meta = column.get("config", {}).get("meta", {})
    return column.get("data_type"), column.get("description"), meta.get("personal", False)
