"""The hourly run: what it reads, and that readers of its file see the old one or the new one and nobody erased."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import load_platforms
from crm_warehouse.journeys import refresh_triggers
from crm_warehouse.journeys.__main__ import utc_moment
from crm_warehouse.journeys.plan import hourly_plan
from crm_warehouse.journeys.publication import (
    hourly_settings,
    journeys_file,
    put_in_place,
    without_customers,
    write_triggers,
)
from crm_warehouse.privacy import vault
from crm_warehouse.publish.stage import Mart, published_marts
from crm_warehouse.settings import Settings
from crm_warehouse.transform import read_manifest

AT = datetime(2025, 6, 30, 12)
FACTS = {
    "version": "v1",
    "as_of_at": AT,
    "as_of_date": AT.date(),
    "build_id": "b1",
    "created_at": AT,
    "git_revision": "unknown",
    "project_version": "0.1.0",
}
ROW = "('ada:welcome', 'ada', 'email', timestamp '2025-06-30 12:00', timestamp '2025-06-30 12:00')"
OTHER_ROW = ROW.replace("ada", "bob")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(raw=tmp_path / "raw", out=tmp_path / "out")
    settings.published_dir.mkdir(parents=True)
    hourly_settings(settings).out.mkdir()
    return settings


@pytest.fixture(scope="module")
def mart() -> Mart:
    (found,) = (mart for mart in published_marts(read_manifest()) if mart.name == "journey_triggers")
    return replace(found, sort_by=[])


def warehouse(settings: Settings, *rows: str) -> Settings:
    """A private warehouse with these triggers, as an hourly run leaves it."""
    own = hourly_settings(settings)
    own.warehouse_path.unlink(missing_ok=True)
    with duckdb.connect(str(own.warehouse_path)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.journey_triggers (journey_trigger_key varchar, customer_key varchar, channel varchar, "
            "send_at timestamp, as_of_at timestamp)"
        )
        con.execute(f"insert into marts.journey_triggers values {', '.join(rows)}")
    return own


def publish(settings: Settings, mart: Mart, *rows: str) -> None:
    path, count = write_triggers(warehouse(settings, *rows), mart, FACTS)
    assert count == len(rows)
    put_in_place(settings, path)


def people(settings: Settings) -> list[Any]:
    with duckdb.connect(str(journeys_file(settings)), read_only=True) as con:
        rows = con.execute("select customer_key from journey_triggers order by all").fetchall()
    return [key for (key,) in rows]


def test_a_run_reads_the_published_marts_and_only_the_raw_tables_that_triggers_need() -> None:
    plan = hourly_plan(read_manifest(), load_platforms())
    assert plan.copied == ["customer_360", "customer_identifiers", "customer_keys", "journey_occasions"]
    assert set(plan.tables) == {"shopify", "klaviyo", "journeys"}
    assert {"abandoned_checkout", "order"} <= plan.tables["shopify"]
    assert plan.tables["shopify"].isdisjoint({"order_line", "refund", "fulfillment"})
    assert plan.tables["klaviyo"] == {"event", "global_exclusion", "metric", "person"}
    assert {"journeys", "journey_triggers", "assert_journey_rules_are_valid"} <= set(plan.nodes)
    assert {"assert_journey_triggers_keep_the_rules", "unique_journey_triggers_journey_trigger_key"} <= set(
        plan.nodes
    )


def test_readers_keep_the_file_they_opened_and_the_next_one_is_whole(settings: Settings, mart: Mart) -> None:
    publish(settings, mart, ROW)
    assert journeys_file(settings).stat().st_mode & 0o777 == 0o444
    with duckdb.connect(str(journeys_file(settings)), read_only=True) as con:
        publish(settings, mart, ROW, OTHER_ROW)
        assert con.execute("select count(*) from journey_triggers").fetchall() == [(1,)]
    assert people(settings) == ["ada", "bob"]
    assert sorted(path.name for path in settings.published_dir.iterdir()) == ["journeys.duckdb"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ((ROW, ROW), "has a customer and journey twice"),
        ((ROW.replace("'email'", "null"),), "without its key, customer, channel or time"),
        ((ROW.replace("12:00')", "11:00')"),), "is not as of the moment it says"),
    ],
)
def test_a_file_that_is_wrong_does_not_replace_the_last_one(
    settings: Settings, mart: Mart, rows: tuple[str, ...], problem: str
) -> None:
    publish(settings, mart, ROW)
    with pytest.raises(WarehouseError, match=problem):
        publish(settings, mart, *rows)
    assert people(settings) == ["ada"]


def test_an_erased_customer_leaves_the_file_at_once_and_its_bytes(settings: Settings, mart: Mart) -> None:
    publish(settings, mart, ROW, OTHER_ROW)
    without_customers(settings, {"ada"})
    assert people(settings) == ["bob"]
    assert b"ada:welcome" not in journeys_file(settings).read_bytes()
    with duckdb.connect(str(journeys_file(settings)), read_only=True) as con:
        assert con.execute("select version from warehouse_version").fetchall() == [("v1",)]


def test_without_a_file_or_anybody_there_is_nothing_to_take_out(settings: Settings, mart: Mart) -> None:
    without_customers(settings, {"ada"})
    assert not journeys_file(settings).exists()
    publish(settings, mart, ROW)
    before = journeys_file(settings).stat()
    without_customers(settings, set())
    assert journeys_file(settings).stat().st_ino == before.st_ino


def test_before_the_first_publication_nobody_is_known(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="Nothing is published yet"):
        refresh_triggers(settings)


@pytest.mark.parametrize("text", ["2025-06-30T12:00", "2025-06-30T14:00+02:00", "2025-06-30T12:00Z"])
def test_a_moment_may_be_given_in_any_zone(text: str) -> None:
    assert utc_moment(text) == AT


def test_erased_people_are_recognised_by_the_vault_of_the_warehouse_it_serves(settings: Settings) -> None:
    vault.private_dir(settings)
    assert vault.root(hourly_settings(settings)) == settings.out


@pytest.mark.parametrize(
    ("folder", "is_inner"),
    [
        ("as_of/2025-01-01", True),
        ("as_of_2025-01-01", True),
        ("as_offering", False),
        ("journeys-shop", False),
    ],
)
def test_only_past_days_and_hourly_runs_share_a_vault(
    settings: Settings, folder: str, is_inner: bool
) -> None:
    vault.private_dir(settings)
    other = replace(settings, out=settings.out / folder)
    assert vault.root(other) == (settings.out if is_inner else other.out)
