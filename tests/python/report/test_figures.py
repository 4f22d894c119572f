"""What the report counts, and what it does not say of few people."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_warehouse.publish.layout import IMPERSONAL_FILE
from crm_warehouse.report.figures import Figures, hide_few_people, read_figures
from crm_warehouse.settings import Settings
from tests.python.report.conftest import AS_OF

SEGMENTS = ("lifecycle_frequent", "lifecycle_lapsed")


def people_of(count: int, segment: str, first: int = 0) -> list[dict[str, Any]]:
    return [{"customer_key": f"c{n}", "segment_keys": f"{segment},vip"} for n in range(first, first + count)]


def order_of(n: int, days_ago: int, amount: float = 10, sequence: int = 1) -> dict[str, Any]:
    return {
        "order_key": n * 1000 + days_ago,
        "customer_key": f"c{n}",
        "order_date": AS_OF - timedelta(days=days_ago),
        "is_counted": True,
        "is_purchase": True,
        "is_first_order": sequence == 1,
        "order_sequence_number": sequence,
        "sales_amount": amount,
    }


def segment(key: str, kind: str) -> dict[str, Any]:
    return {"segment_key": key, "segment_type": kind, "name": key, "is_active": True, "priority": 1}


@pytest.fixture
def read(tmp_path: Path, version: Callable[..., Path]) -> Callable[..., dict[str, Figures]]:
    def read_(rows: dict[str, list[dict[str, Any]]], min_people: int = 1) -> dict[str, Figures]:
        folder = version(rows)
        return read_figures(
            Settings(raw=tmp_path, out=tmp_path),
            folder / IMPERSONAL_FILE,
            customer_limit=5,
            min_people=min_people,
        )

    return read_


def find(figures: Figures, **wanted: Any) -> dict[str, Any]:
    rows = [dict(zip(figures.columns, row, strict=True)) for row in figures.rows]
    (found,) = [row for row in rows if wanted.items() <= row.items()]
    return found


def test_periods_end_on_the_as_of_day_and_count_each_person_once(
    read: Callable[..., dict[str, Figures]],
) -> None:
    days = [0, 29, 30, 59, 60, 89, 90, 179, 180, 364, 365, 729, 730, 5000]
    orders = [order_of(0, day, sequence=len(days) - at) for at, day in enumerate(days)]
    periods = read(
        {
            "customer_360": people_of(1, SEGMENTS[0]),
            "orders": [*orders, order_of(7, 0)],  # somebody without a record
            "segments": [segment(SEGMENTS[0], "lifecycle"), segment("vip", "action")],
        }
    )["periods"]
    counts = {("30", False): 2, ("30", True): 2, ("90", False): 6, ("90", True): 2, ("365", False): 10}
    counts |= {("365", True): 2, ("all", False): 14}
    for (period, is_previous), expected in counts.items():
        row = find(periods, segment="vip", period=period, is_previous=is_previous)
        assert (row["order_count"], row["sales_amount"], row["people"]) == (expected, 10 * expected, 1)
        assert row["repeat_customer_count"] == 1


def test_sums_of_everybody_are_those_of_the_key_figures(read: Callable[..., dict[str, Figures]]) -> None:
    days = [
        {"period_start": AS_OF - timedelta(days=ago), "order_count": 1, "sales_amount": 5, "refund_amount": 1}
        for ago in (0, 40, 400)
    ]
    figures = read({"customer_360": people_of(1, SEGMENTS[0]), "orders": [order_of(0, 0)], "kpi_daily": days})
    assert find(figures["periods"], segment="", period="90", is_previous=False)["order_count"] == 2
    assert find(figures["periods"], segment="", period="all")["sales_amount"] == 15


def test_a_trend_has_months_and_the_weeks_up_to_the_as_of_day(
    read: Callable[..., dict[str, Figures]],
) -> None:
    trend = read(
        {
            "customer_360": people_of(2, SEGMENTS[0]),
            "orders": [order_of(0, 0), order_of(0, 6), order_of(1, 7), order_of(1, 91)],
            "segments": [segment("vip", "action")],
        }
    )["trend"]
    newest = find(trend, segment="vip", grain="week", starts_on="2025-06-24")
    assert (newest["order_count"], newest["people"]) == (2, 1)
    assert find(trend, segment="vip", grain="week", starts_on="2025-06-17")["order_count"] == 1
    assert find(trend, segment="vip", grain="month", starts_on="2025-06-01")["people"] == 2
    assert find(trend, segment="vip", grain="month", starts_on="2025-03-01")["order_count"] == 1
    weeks = [row for row in trend.rows if row[trend.columns.index("grain")] == "week"]
    assert len(weeks) == 6  # two each of everybody and of the two segments


def test_a_segment_of_few_people_has_no_figures_and_cannot_be_had_by_subtraction(
    read: Callable[..., dict[str, Figures]],
) -> None:
    people = people_of(30, SEGMENTS[0]) + people_of(3, SEGMENTS[1], first=30)
    people += people_of(12, "lifecycle_lead", first=33)
    orders = [order_of(n, 1, amount=n + 1) for n in range(45)]
    periods = read(
        {
            "customer_360": people,
            "orders": orders,
            "segments": [segment(key, "lifecycle") for key in (*SEGMENTS, "lifecycle_lead")],
        },
        min_people=10,
    )["periods"]
    few = find(periods, segment=SEGMENTS[1], period="30", is_previous=False)
    assert (few["people"], few["sales_amount"], few["order_count"]) == (None, None, None)
    # Everybody less the largest would have been the three and the twelve together; less both, the three.
    assert find(periods, segment="lifecycle_lead", period="30", is_previous=False)["sales_amount"] is None
    assert find(periods, segment=SEGMENTS[0], period="30", is_previous=False)["people"] == 30


def test_a_flow_that_writes_to_few_again_and_again_is_not_read_by_many(
    read: Callable[..., dict[str, Figures]],
) -> None:
    def delivered(message: str, people: int) -> list[dict[str, Any]]:
        return [
            {
                "message_event_key": f"{message}{n}",
                "message_key": message,
                "customer_key": f"c{n % people}",
                "event_type": "delivered",
                "occurred_at": AS_OF - timedelta(days=1),
            }
            for n in range(12)
        ]

    figures = read(
        {
            "campaign_performance": [
                {"message_key": key, "name": key, "message_type": "flow"} for key in ("few", "many", "mass")
            ],
            "message_days": [
                {"message_key": key, "event_date": AS_OF - timedelta(days=1), "delivered_count": count}
                for key, count in (("few", 12), ("many", 12), ("mass", 1000))
            ],
            "message_events": [*delivered("few", 2), *delivered("many", 6)],
        },
        min_people=5,
    )["campaigns"]
    assert find(figures, name="few", period="30")["delivered_count"] is None
    assert find(figures, name="many", period="30")["people"] == 6
    assert find(figures, name="many", period="30")["delivered_count"] == 12
    assert find(figures, name="mass", period="30")["delivered_count"] == 1000


def test_people_rule_over_the_columns_that_follow_them() -> None:
    columns = ["name", "people", "sent", "people_bought", "sales", "people_share"]
    rows = [["a", 50, 5, 3, 99, 0.5], ["b", 4, 4, 20, 10, 0.1], ["c", 0, 0, 0, 0, 0]]
    assert hide_few_people(columns, rows, 10, None) == 2
    assert rows == [["a", 50, 5, None, None, None], ["b", None, None, 20, 10, 0.1], ["c", 0, 0, 0, 0, 0]]


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 15))
def test_what_is_hidden_together_is_never_few_while_something_could_hide_it(
    sizes: list[int], least: int
) -> None:
    rows = [["type", size, size * 7] for size in sizes]
    hide_few_people(["type", "people", "amount"], rows, least, [0])
    hidden = [size for size, row in zip(sizes, rows, strict=True) if row[1] is None]
    shown = [row[1] for row in rows if row[1]]
    assert all(size >= least for size in shown)
    assert not hidden or not shown or sum(hidden) >= least


def test_every_query_answers_an_empty_shop(read: Callable[..., dict[str, Figures]]) -> None:
    figures = read({}, min_people=10)
    assert {name: found.rows for name, found in figures.items() if found.rows} == {}


def test_what_no_query_may_say_is_checked_by_its_columns(read: Callable[..., dict[str, Figures]]) -> None:
    single = {"customers", "customer_timelines"}
    uncounted = {
        name
        for name, found in read({}).items()
        if name not in single and not any(column.startswith("people") for column in found.columns)
    }
    assert uncounted == set()


def test_drivers_are_counted_by_kind_without_a_customers_own_numbers(
    read: Callable[..., dict[str, Figures]],
) -> None:
    texts = [
        "overdue by 12 days; 3 open tickets",
        "overdue by 7 days; engagement falling: silent for 90 days",
        None,
    ]
    drivers = read(
        {
            "customer_360": people_of(3, SEGMENTS[0]),
            "customer_churn": [
                {"customer_key": f"c{n}", "churn_drivers": text, "value_at_risk": 5}
                for n, text in enumerate(texts)
            ],
        }
    )["churn_drivers"]
    found = {row[1]: row[2] for row in drivers.rows if row[0] == ""}
    assert found == {"overdue": 2, "open tickets": 1, "engagement falling": 1}
