"""From whatever type a loader chose to the declared one, or a message that says which rows cannot follow."""

from decimal import Decimal
from typing import Any

import duckdb
import pytest

from crm_warehouse.ingest.casts import cast, cast_json
from crm_warehouse.ingest.sql import duckdb_type
from tests.python.ingest.landing import LOADED, Shop, lines, orders


def convert(value: str, target: str, session_zone: str = "America/New_York") -> Any:
    """The converted value of a SQL expression, in a session whose time zone must not matter."""
    with duckdb.connect() as con:
        con.execute(f"set TimeZone = '{session_zone}'")
        con.execute(f"create table t as select {value} as x")
        ((_, kind, *_),) = con.execute("describe t").fetchall()
        rule = cast("x", kind, target)
        bad = con.execute(f"select coalesce({rule.bad or 'false'}, false) from t").fetchall()[0][0]
        attempt = con.execute(f"select {rule.attempt} from t").fetchall()[0][0]
        if bad:
            return "refused"
        query = f"select {rule.strict} as v, typeof({rule.strict}) from t"
        strict, result_type = con.execute(query).fetchall()[0]
        assert result_type.replace(" ", "") == duckdb_type(target).upper().replace(" ", "")
        assert strict == attempt
        if rule.simple and not con.execute(f"select coalesce({rule.probe}, false) from t").fetchall()[0][0]:
            assert con.execute(f"select {rule.simple} from t").fetchall()[0][0] == strict
        return str(strict) if isinstance(strict, Decimal) or target in {"timestamp", "date"} else strict


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        ("5::integer", "bigint", 5),
        ("123.000000::decimal(28, 6)", "bigint", 123),
        ("123.5::decimal(28, 6)", "bigint", "refused"),
        ("'123.000000'", "bigint", 123),
        ("' 12 '", "bigint", 12),
        ("'12.5'", "bigint", "refused"),
        ("'9007199254740993'", "bigint", 9007199254740993),
        ("'99999999999999999999'", "bigint", "refused"),
        ("''", "bigint", None),
        ("'abc'", "bigint", "refused"),
        ("12::double", "bigint", 12),
        ("12.5::double", "bigint", "refused"),
        ("9007199254740994::double", "bigint", "refused"),
        ("'nan'::double", "bigint", "refused"),
        ("12::hugeint", "bigint", 12),
        ("99999999999999999999::hugeint", "bigint", "refused"),
        ("timestamp '2024-01-01'", "bigint", "refused"),
        ("null::timestamp", "bigint", None),
        ("null", "bigint", None),
        ("'Ada'", "string", "Ada"),
        ("123.0::double", "string", "123"),
        ("123.000000::decimal(28, 6)", "string", "123"),
        ("1.5::double", "string", "1.5"),
        ("7::bigint", "string", "7"),
        ("{'a': 1}", "string", '{"a":1}'),
        ("true", "boolean", True),
        ("'yes'", "boolean", True),
        ("' FALSE '", "boolean", False),
        ("0::bigint", "boolean", False),
        ("2::bigint", "boolean", "refused"),
        ("'maybe'", "boolean", "refused"),
        ("12.345::double", "decimal(18, 4)", "12.3450"),
        ("'12.34'", "decimal(18, 4)", "12.3400"),
        ("'12,34'", "decimal(18, 4)", "refused"),
        ("1e15::double", "decimal(18, 4)", "refused"),
        ("'inf'::double", "decimal(18, 4)", "refused"),
        ("12.123456::decimal(28, 6)", "decimal(18, 4)", "12.1235"),
        ("1.5::decimal(5, 2)", "double", 1.5),
        ("'1.5'", "double", 1.5),
        ("timestamp '2024-01-01 10:00:00'", "timestamp", "2024-01-01 10:00:00"),
        ("timestamptz '2024-01-01 10:00:00+02'", "timestamp", "2024-01-01 08:00:00"),
        ("'2024-01-01 10:00:00'", "timestamp", "2024-01-01 10:00:00"),
        ("'2024-01-01T10:00:00Z'", "timestamp", "2024-01-01 10:00:00"),
        ("'2024-01-01T10:00:00.5+02:00'", "timestamp", "2024-01-01 08:00:00.500000"),
        ("'2024-01-01 10:00:00 America/New_York'", "timestamp", "2024-01-01 15:00:00"),
        ("'2024-01-01 10:00:00 UTC'", "timestamp", "2024-01-01 10:00:00"),
        ("'2024-01-01 10:00 gmt'", "timestamp", "2024-01-01 10:00:00"),
        ("'2024-01-01 08:40:14 PM'", "timestamp", "refused"),
        ("'2024-01-01 08:40 am'", "timestamp", "refused"),
        ("'2024-01-01 08:40:14 Berlin'", "timestamp", "refused"),
        ("'2024-01-01 08:40:14 Mars/Olympus'", "timestamp", "refused"),
        ("'2024-01-01 08:40:14 BST'", "timestamp", "refused"),
        ("'2024-01-01 08:40:14 12'", "timestamp", "refused"),
        ("'2024-01-01 08:40:14 PM'", "date", "refused"),
        ("'2024-01-01'", "timestamp", "2024-01-01 00:00:00"),
        ("date '2024-01-01'", "timestamp", "2024-01-01 00:00:00"),
        ("'01/02/2024'", "timestamp", "refused"),
        ("1704067200::bigint", "timestamp", "refused"),
        ("'2024-01-01T23:00:00-05:00'", "date", "2024-01-02"),
        ("timestamp '2024-01-01 23:00:00'", "date", "2024-01-01"),
    ],
)
def test_conversions(value: str, target: str, expected: object) -> None:
    assert convert(value, target) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("""'{"shop_money": {"amount": "4.90"}}'""", "4.9000"),
        ("""'{"shop_money": {"amount": 4.9}}'""", "4.9000"),
        ("{'shop_money': {'amount': '4.90'}}", "4.9000"),
        ("'{}'", "None"),
        ("null::varchar", "None"),
        ("""'{"shop_money": {"amount": "much"}}'""", "refused"),
        ("'{broken'", "refused"),
    ],
)
def test_money_inside_json(value: str, expected: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"create table t as select {value} as x")
        ((_, kind, *_),) = con.execute("describe t").fetchall()
        rule = cast_json("x", kind, "$.shop_money.amount", "decimal(18, 4)")
        bad = con.execute(f"select coalesce({rule.bad}, false), {rule.attempt} from t").fetchall()[0][0]
        found = "refused" if bad else str(con.execute(f"select {rule.strict} from t").fetchall()[0][0])
    assert found == expected


def test_a_value_that_cannot_be_read_names_column_row_key_and_shape(shop: Shop) -> None:
    shop.land(
        "shopify/order_line",
        lines(f"select 77 as id, 1 as order_id, 1 as quantity, 'a lot of money, really' as price, {LOADED}"),
    )
    message = shop.error()
    assert "table order_line, column price: 1 of 11 values are not decimal(18, 4)" in message
    assert "row 11, id 77: 'x xxx xx xxxxx, xxxx'" in message


def test_a_personal_value_is_never_shown(shop: Shop) -> None:
    shop.land("shopify/customer", "select 1 as id, 'ada@example.com' as email, 'born in 1815' as birth_year")
    message = shop.error()
    assert "table customer, column birth_year: 1 of 1 values are not bigint (row 1, id 1)" in message
    assert "1815" not in message
    assert "ada" not in message


def test_two_columns_for_one_are_read_in_declared_order(shop: Shop) -> None:
    shop.land(
        "shopify/order",
        f"select * exclude (currency), case when id = 1 then 'USD' end as currency_code, currency from ({orders()})",
    )
    shop.overrides = {"reporting_currency": "EUR"}
    shop.ingest()
    rows = shop.rows('select id, currency_code from conformed_shopify."order" order by id')
    assert rows == [(1, "USD"), (2, "EUR"), (3, "EUR"), (4, "EUR"), (5, "EUR")]


def test_column_and_table_names_ignore_case(shop: Shop) -> None:
    shop.remove("shopify/customer.parquet")
    shop.land("shopify/CUSTOMERS", "select 1 as ID, 'ada@example.com' as Email")
    shop.ingest()
    assert shop.rows("select id, email from conformed_shopify.customer") == [(1, "ada@example.com")]


def test_words_for_nothing_become_null_and_their_share_is_reported(shop: Shop) -> None:
    values = ["'null'", "' NULL '", "'None'", "'n/a'", "''", "'nan'", "'nullson@example.com'", "null"]
    query = " union all ".join(f"select {i} as id, {value} as email" for i, value in enumerate(values))
    shop.land("shopify/customer", query)
    report = shop.table("customer")
    assert shop.rows("select count(email), max(email) from conformed_shopify.customer") == [
        (1, "nullson@example.com")
    ]
    assert "email: 75.0% of values are words for nothing" in (report.note or "")


def test_clean_data_keeps_plain_columns_so_that_filters_reach_the_file(shop: Shop) -> None:
    shop.ingest()
    ((sql,),) = shop.rows("select sql from duckdb_views() where view_name = 'order'")
    assert "CASE" not in sql
    assert "coalesce" not in sql.lower()
    assert "WHERE" not in sql


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ("REST", "2 as quantity, 12.5::double as price"),
        ("REST as text", "'2.000000' as quantity, '12.50' as price"),
        ("decimal", "2::decimal(28, 6) as quantity, 12.5::decimal(28, 6) as price"),
    ],
)
def test_loaders_with_other_types_give_the_same_relation(shop: Shop, shape: str, line: str) -> None:
    shop.land("shopify/order_line", f"select 10 as id, 1 as order_id, {line}")
    shop.ingest()
    assert shop.rows("select id, order_id, quantity, price from conformed_shopify.order_line") == [
        (10, 1, 2, Decimal("12.5000"))
    ]


def test_graphql_line_totals_take_their_own_column(shop: Shop) -> None:
    shop.land(
        "shopify/order_line",
        "select 10 as id, 1 as order_id, 2 as quantity, 25.0 as original_total_set_shop_amount",
    )
    shop.ingest()
    assert shop.rows("select price, original_total from conformed_shopify.order_line") == [
        (None, Decimal("25.0000"))
    ]


@pytest.mark.parametrize("load_time", ["_airbyte_extracted_at", "_dlt_loaded_at"])
def test_load_times_of_other_loaders_are_known(shop: Shop, load_time: str) -> None:
    shop.land("shopify/customer", f"select 1 as id, timestamptz '2024-06-01 02:00:00+02' as {load_time}")
    shop.ingest()
    assert shop.rows("select _fivetran_synced::varchar from conformed_shopify.customer") == [
        ("2024-06-01 00:00:00",)
    ]
