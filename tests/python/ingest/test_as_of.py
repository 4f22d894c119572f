"""Up to when a build looks, and what a build for a past day may know."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import as_of, unreversible_columns
from crm_warehouse.ingest.declaration import LOAD_TIME
from crm_warehouse.settings import PROJECT_DIR
from tests.python.ingest.landing import DECLARATIONS, LOADED, Shop, orders

START = datetime(2024, 6, 2, 12)
UTC_ZONE = ZoneInfo("UTC")


def test_a_day_ends_when_it_ends_in_the_reporting_time_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert as_of.end_of_day(date(2024, 5, 3), berlin) == datetime(2024, 5, 3, 21, 59, 59, 999999)
    assert as_of.end_of_day(date(2024, 1, 3), berlin) == datetime(2024, 1, 3, 22, 59, 59, 999999)
    # The night that clocks change has 25 hours.
    assert as_of.end_of_day(date(2024, 10, 27), berlin) == datetime(2024, 10, 27, 22, 59, 59, 999999)
    assert as_of.end_of_day(date(2024, 5, 3), ZoneInfo("America/New_York")) == datetime(
        2024, 5, 4, 3, 59, 59, 999999
    )


def test_without_a_day_it_is_the_newest_event_but_never_the_future() -> None:
    events = [datetime(2024, 5, 1), None, datetime(2024, 5, 4, 23, 30)]
    resolved = as_of.newest(events, START, ZoneInfo("Europe/Berlin"))
    assert resolved == as_of.AsOf(datetime(2024, 5, 4, 23, 30), date(2024, 5, 5), is_backdated=False)
    assert as_of.newest([datetime(2024, 6, 2, 12, 30)], START, UTC_ZONE).at == START
    assert as_of.newest([None], START, UTC_ZONE).at == START


def test_a_day_in_the_future_is_refused() -> None:
    assert as_of.explicit(date(2024, 6, 2), START, UTC_ZONE).is_backdated
    with pytest.raises(WarehouseError, match="as_of 2024-06-03 lies in the future"):
        as_of.explicit(date(2024, 6, 3), START, UTC_ZONE)


def test_an_unknown_time_zone_is_explained() -> None:
    with pytest.raises(WarehouseError, match="no IANA time zone"):
        as_of.reporting_zone("Mars/Olympus")


def test_the_newest_order_decides(shop: Shop) -> None:
    report = shop.ingest()
    assert (report.as_of_at, report.as_of_date, report.is_backdated) == (
        datetime(2024, 5, 6, 10),
        date(2024, 5, 6),
        False,
    )
    assert shop.rows("select as_of_at, is_backdated, build_id from pipeline.run_context") == [
        (datetime(2024, 5, 6, 10), False, "build")
    ]


def test_later_facts_are_cut_and_their_children_are_no_orphans(shop: Shop) -> None:
    shop.as_of = date(2024, 5, 4)
    report = shop.ingest()
    tables = {table.table_name: table for table in report.tables}
    assert (tables["order"].row_count, tables["order"].later_count) == (3, 2)
    # Lines have no date of their own: they follow their order when models join them.
    assert (tables["order_line"].row_count, tables["order_line"].quarantined_count) == (10, 0)
    assert shop.rows("select as_of_at from pipeline.run_context") == [
        (datetime(2024, 5, 4, 23, 59, 59, 999999),)
    ]


def test_the_last_moment_of_the_day_counts(shop: Shop) -> None:
    shop.overrides = {"reporting_timezone": "Europe/Berlin"}
    shop.as_of = date(2024, 5, 1)
    shop.land(
        "shopify/order",
        "select 1 as id, timestamp '2024-05-01 21:59:59' as created_at, 'EUR' as currency "
        "union all select 2, timestamp '2024-05-01 22:00:00', 'EUR'",
    )
    shop.land("shopify/order_line", "select 1 as id, 1 as order_id, 1 as quantity, 1.0 as price")
    shop.ingest()
    assert shop.rows('select id from conformed_shopify."order"') == [(1,)]


def test_what_became_known_later_is_unknown(shop: Shop) -> None:
    shop.land(
        "shopify/order",
        "select * replace (if(id in (1, 2), timestamp '2024-05-02' + to_days(id::int), null) as cancelled_at, "
        f"if(id in (1, 2), 'fraud', null) as cancel_reason) from ({orders()})",
    )
    columns = "id, cancelled_at::date::varchar, cancel_reason"
    query = f'select {columns} from conformed_shopify."order" where id < 3 order by id'
    shop.ingest()
    assert shop.rows(query) == [(1, "2024-05-03", "fraud"), (2, "2024-05-04", "fraud")]

    shop.as_of = date(2024, 5, 3)
    shop.ingest()
    assert shop.rows(query) == [(1, "2024-05-03", "fraud"), (2, None, None)]


def test_a_value_without_the_time_it_became_known_is_kept(shop: Shop) -> None:
    shop.as_of = date(2024, 5, 2)
    shop.land("shopify/customer", "select 1 as id, 'subscribed' as consent, null::timestamp as consent_at")
    shop.ingest()
    assert shop.rows("select consent from conformed_shopify.customer") == [("subscribed",)]
    shop.land("shopify/customer", "select 1 as id, 'subscribed' as consent")
    shop.ingest()
    assert shop.rows("select consent from conformed_shopify.customer") == [("subscribed",)]


def test_a_clock_that_runs_ahead_waits_for_the_next_build(shop: Shop) -> None:
    """An order within the tolerance but after the run's start is real, yet nothing may be newer than as_of."""
    soon = datetime.now(UTC).replace(tzinfo=None)
    shop.land(
        "shopify/order",
        orders(
            f"select 99 as id, timestamp '{soon}' + interval 20 minute as processed_at, 'EUR' as currency"
        ),
    )
    report = shop.table("order")
    assert (report.row_count, report.quarantined_count, report.later_count) == (5, 0, 1)


def test_columns_that_raw_data_overwrites_are_listed() -> None:
    assert unreversible_columns(DECLARATIONS) == [
        ("shopify", "customer", "consent"),
        ("shopify", "customer", "consent_at"),
    ]
    assert ("zendesk", "user", "email") in unreversible_columns()


def test_the_documentation_lists_the_same_columns() -> None:
    expected: dict[str, str] = {}
    for platform, table, column in unreversible_columns():
        if column != LOAD_TIME:
            name = f"`{platform}.{table}`"
            expected[name] = f"{expected[name]}, `{column}`" if name in expected else f"`{column}`"
    lines = (
        (PROJECT_DIR / "docs" / "raw-input.md")
        .read_text()
        .split("| table | columns |")[1]
        .split("\n\n")[0]
        .splitlines()
    )
    documented = {cells[1].strip(): cells[2].strip() for line in lines if len(cells := line.split("|")) == 4}
    documented.pop("---", None)
    assert documented == expected


def test_an_impossible_date_does_not_move_as_of(shop: Shop) -> None:
    shop.land("klaviyo/person", "select 'p' as id")
    shop.land(
        "klaviyo/event",
        f"select 'a' as id, timestamp '2024-05-09' as datetime, {LOADED} "
        f"union all select 'b', timestamp '2099-01-01', timestamp '2024-06-02'",
    )
    assert str(shop.ingest().as_of_at) == "2024-05-09 00:00:00"
