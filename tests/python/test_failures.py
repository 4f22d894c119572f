"""Messages without values, and failing rows that can be looked at."""

from pathlib import Path

import duckdb
import pytest

from crm_warehouse.failures import FailedTest, keep_failing_rows, without_values
from crm_warehouse.settings import Settings

MESSAGES = {
    "Runtime Error in model orders (models/marts/orders.sql)\n  Conversion Error: Could not convert string "
    "'ada@example.com' to INT32": "Runtime Error in model orders (models/marts/orders.sql): Conversion Error",
    'Constraint Error: Duplicate key "email: ada@example.com" violates unique constraint.': "Constraint Error",
    "Invalid Input Error: Could not parse '+1 555 010 020'": "Invalid Input Error",
    "Catalog Error: Table with name ordrs does not exist!\nDid you mean orders?": (
        "Catalog Error: Table with name ordrs does not exist!"
    ),
    "Compilation Error in model orders (models/marts/orders.sql)\n  This model has an enforced contract that "
    "failed.": (
        "Compilation Error in model orders (models/marts/orders.sql): This model has an enforced contract that failed."
    ),
    "something about Ada Lovelace": "an error of unknown kind",
    "": "an error without a message",
}


@pytest.mark.parametrize(("message", "told"), MESSAGES.items())
def test_messages_keep_the_place_and_lose_the_value(message: str, told: str) -> None:
    assert without_values(message) == told


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(raw=tmp_path / "raw", out=tmp_path)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(
            "create table orders as select 'shopify:order:' || i as order_key, 'ada@example.com' as email, "
            "case when i < 2 then 'ada@example.com' else 'c' || i end as customer_id from range(1200) t(i)"
        )
    return settings


def test_failing_rows_are_kept_and_named_by_key(settings: Settings) -> None:
    test = FailedTest("assert_sums", "select * from orders", None, 1200)
    told = keep_failing_rows(settings, "b1", [test])["assert_sums"]
    assert told.startswith('1200 rows in failures."assert_sums" of the warehouse, such as order_key shopify:')
    assert "ada@example.com" not in told
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        kept = con.execute("select count(*), count(email) from failures.assert_sums").fetchall()
    assert kept == [(1000, 1000)]


def test_an_address_used_as_a_key_is_not_shown(settings: Settings) -> None:
    test = FailedTest("t", "select customer_id from orders where email = customer_id", None, 2)
    assert keep_failing_rows(settings, "b1", [test])["t"] == '2 rows in failures."t" of the warehouse'


def test_the_column_that_a_unique_test_renames_is_known(settings: Settings) -> None:
    sql = "select order_key as unique_field, count(*) as n_records from orders group by 1 limit 1"
    told = keep_failing_rows(settings, "b1", [FailedTest("t", sql, "order_key", 1)])["t"]
    assert "such as order_key shopify:order:" in told
    told = keep_failing_rows(
        settings, "b1", [FailedTest("t", sql.replace("order_key", "email"), "email", 1)]
    )["t"]
    assert "ada" not in told


def test_only_the_last_builds_failures_are_kept(settings: Settings) -> None:
    keep_failing_rows(settings, "b1", [FailedTest("old", "select 1 as x", None, 1)])
    keep_failing_rows(settings, "b2", [FailedTest("new", "select 1 as x", None, 1)])
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'failures'"
        ).fetchall()
    assert tables == [("new",)]
