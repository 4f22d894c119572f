"""The journeys of the seed: a mistake is named with its journey and column, and the docs know every name."""

import csv
from typing import Any

import duckdb
import pytest

from crm_warehouse.settings import PROJECT_DIR
from tests.python.sql_subset import rendered

SEED = PROJECT_DIR / "seeds" / "journeys.csv"
TEST = PROJECT_DIR / "tests" / "dbt" / "singular" / "assert_journey_rules_are_valid.sql"
TYPED = PROJECT_DIR / "models" / "intermediate" / "journeys" / "int_journeys_typed.sql"

with SEED.open(newline="") as _file:
    JOURNEYS = list(csv.DictReader(_file))


def problems(journey: dict[str, Any]) -> list[str]:
    """What the build would say of a seed with this one journey."""
    with duckdb.connect() as con:
        con.execute("create table stg_pipeline__run_context as select date '2025-06-30' as as_of_date")
        columns = ", ".join(f"{name} varchar" for name in JOURNEYS[0])
        con.execute(f"create table journeys ({columns})")
        values = [value or None for value in journey.values()]  # an empty cell of a seed is null
        con.execute(f"insert into journeys values ({', '.join('?' * len(values))})", values)
        con.execute(f"create view int_journeys_typed as {rendered(TYPED.read_text(), 'duckdb')}")
        return [key for (key,) in con.execute(rendered(TEST.read_text(), "duckdb")).fetchall()]


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey["journey_key"])
def test_every_shipped_journey_can_work(journey: dict[str, Any]) -> None:
    assert problems(journey) == []


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("journey_key", "Welcome", "Welcome:journey_key_is_not_in_snake_case"),
        ("journey_key", "1st", "1st:journey_key_is_not_in_snake_case"),
        ("owner", "", "welcome:owner_is_missing"),
        ("reason", "  ", "welcome:reason_is_missing"),
        ("channel", "fax", "welcome:channel_is_none_of/email/sms"),
        ("channel", "", "welcome:channel_is_none_of/email/sms"),
        ("consent", "maybe", "welcome:consent_is_none_of/marketing/service"),
        ("delay_hours", "1.5", "welcome:delay_hours_is_no_whole_number"),
        ("delay_hours", "soon", "welcome:delay_hours_is_no_whole_number"),
        ("delay_hours", "-1", "welcome:delay_hours_is_no_whole_number"),
        ("priority", "", "welcome:priority_is_no_whole_number"),
        ("cap_days", "0", "welcome:cap_days_is_zero"),
        ("expires_after_hours", "0", "welcome:expires_after_hours_is_zero"),
        ("quiet_from_hour", "24", "welcome:quiet_hours_are_not_two_different_hours_of_a_day"),
        ("quiet_from_hour", "8", "welcome:quiet_hours_are_not_two_different_hours_of_a_day"),
        ("quiet_until_hour", "", "welcome:quiet_hours_are_not_two_different_hours_of_a_day"),
        ("only_segment", "vipp", "welcome:only_segment_is_not_in_vars.segments"),
        ("not_segment", "vipp", "welcome:not_segment_is_not_in_vars.segments"),
        ("valid_from", "2025-02-30", "welcome:valid_from_is_no_day"),
    ],
)
def test_a_mistake_is_named_with_journey_and_column(column: str, value: str, problem: str) -> None:
    assert problems({**JOURNEYS[0], column: value}) == [problem]


def test_an_unknown_occasion_and_days_in_the_wrong_order_are_mistakes() -> None:
    (found,) = problems({**JOURNEYS[0], "occasion": "full_moon"})
    assert found.startswith("welcome:occasion_is_none_of/customer_first_seen/")
    wrong = {**JOURNEYS[0], "valid_from": "2025-02-02", "valid_to": "2025-02-01"}
    assert problems(wrong) == ["welcome:valid_to_is_before_valid_from"]


def test_every_journey_and_occasion_is_explained_in_the_docs() -> None:
    text = (PROJECT_DIR / "docs" / "journeys.md").read_text()
    names = {journey["journey_key"] for journey in JOURNEYS} | {journey["occasion"] for journey in JOURNEYS}
    assert {name for name in names if f"`{name}`" not in text} == set()
