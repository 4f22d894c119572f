"""The written rules: duplicates, deletions, quarantine, and how much of it is too much."""

from pathlib import Path

import pytest

from crm_warehouse.ingest import duplicates
from crm_warehouse.ingest.declaration import MODELS_DIR
from tests.python.ingest.landing import LOADED, Shop, lines, orders


def bad_order(day: str) -> str:
    return f"select 99 as id, timestamp '{day}' as processed_at, 'EUR' as currency, {LOADED}"


def quarantine(shop: Shop) -> list[tuple[str, ...]]:
    return shop.rows("select table_name, rule, record_id from pipeline.quarantine order by all")


def order_ids(shop: Shop) -> list[int]:
    return [row[0] for row in shop.rows('select id from conformed_shopify."order" order by id')]


class TestDuplicates:
    def test_the_copy_loaded_last_wins(self, shop: Shop) -> None:
        newer = (
            "select 3 as id, timestamp '2024-05-04 10:00:00' as processed_at, 'EUR' as currency, "
            "9.9 as shipping_amount, timestamp '2024-06-03' as _fivetran_synced"
        )
        shop.land("shopify/order", orders(newer))
        report = shop.table("order")
        assert (report.status, report.raw_row_count, report.row_count, report.duplicate_count) == (
            "duplicates_resolved",
            6,
            5,
            1,
        )
        assert [
            str(row[0])
            for row in shop.rows('select shipping_amount from conformed_shopify."order" where id = 3')
        ] == ["9.9000"]

    def test_identical_copies_count_once(self, shop: Shop) -> None:
        shop.land("shopify/order_line", f"from ({lines()}) union all from ({lines()}) where id = 10")
        report = shop.table("order_line")
        assert (report.row_count, report.duplicate_count) == (10, 1)

    def test_different_copies_of_the_same_load_stop_the_build(self, shop: Shop) -> None:
        shop.land(
            "shopify/order_line",
            lines(f"select 10 as id, 1 as order_id, 7 as quantity, 12.5 as price, {LOADED}"),
        )
        message = shop.error()
        assert (
            "table order_line: 1 keys (id) have several rows of different content and the same load time"
            in message
        )
        assert "(10)" in message

    def test_a_key_of_several_columns_is_compared_as_a_whole(self, shop: Shop) -> None:
        shop.land(
            "shopify/tax_line",
            "select 10 as order_line_id, 1 as index, 1.0 as price union all select 10, 2, 1.0 "
            "union all select 11, 1, 1.0 union all select 11, 1, 1.0",
        )
        report = shop.table("tax_line")
        assert (report.row_count, report.duplicate_count) == (3, 1)

    def test_a_text_key_can_repeat_too(self, shop: Shop) -> None:
        shop.land("klaviyo/person", "select 'p' as id")
        shop.land("klaviyo/event", "select 'e' as id, timestamp '2024-05-01' as datetime from range(2)")
        assert shop.table("event", "klaviyo").duplicate_count == 1

    def test_keys_are_compared_in_passes_that_fit_into_memory(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(duplicates, "KEYS_PER_PASS", 2)
        assert shop.table("order_line").duplicate_count == 0
        shop.land("shopify/order_line", f"from ({lines()}) union all from ({lines()}) where id = 31")
        assert shop.table("order_line").duplicate_count == 1

    def test_a_row_without_key_stops_the_build(self, shop: Shop) -> None:
        shop.land(
            "shopify/order_line", lines("select null as id, 1 as order_id, 1 as quantity, 1.0 as price")
        )
        assert "table order_line: 1 rows have no key (id is empty; row 11)" in shop.error()

    def test_what_a_replaced_copy_said_is_not_judged(self, shop: Shop) -> None:
        older = (
            "select 3 as id, timestamp '2099-01-01' as processed_at, timestamp '2099-01-01' as created_at, "
            "'EUR' as currency, timestamp '2024-06-01' as _fivetran_synced"
        )
        shop.land("shopify/order", orders(older))
        assert shop.table("order").quarantined_count == 0
        assert order_ids(shop) == [1, 2, 3, 4, 5]

    def test_tables_of_an_old_and_a_new_name_are_merged_where_declared(self, shop: Shop) -> None:
        shop.land("shopify/tax_line", "select 10 as order_line_id, 1 as index, 1.0 as price")
        shop.land(
            "shopify/order_line_tax_line",
            "select 11 as order_line_id, 1 as index, 2.0 as price union all select 10, 1, 1.0",
        )
        report = shop.table("tax_line")
        assert (report.row_count, report.duplicate_count) == (2, 1)

    def test_two_names_with_rows_are_refused_elsewhere(self, shop: Shop) -> None:
        shop.land("shopify/orders", orders())
        assert "table order landed under several names with rows: order, orders" in shop.error()

    def test_a_second_name_without_rows_does_not_matter(self, shop: Shop) -> None:
        shop.land("shopify/orders", f"from ({orders()}) where false")
        assert shop.table("order").row_count == 5


class TestSoftDeletes:
    def test_deleted_rows_and_their_children_are_left_out(self, shop: Shop) -> None:
        shop.land("shopify/order", f"select *, id = 2 as _fivetran_deleted from ({orders()})")
        report = shop.ingest()
        tables = {table.table_name: table for table in report.tables}
        assert (tables["order"].row_count, tables["order"].deleted_count) == (4, 1)
        assert (tables["order_line"].row_count, tables["order_line"].deleted_count) == (8, 2)
        assert tables["order_line"].quarantined_count == 0
        assert order_ids(shop) == [1, 3, 4, 5]

    def test_airbyte_marks_deletions_with_a_time(self, shop: Shop) -> None:
        shop.land(
            "shopify/order",
            f"select *, case when id = 2 then timestamp '2024-06-01' end as _ab_cdc_deleted_at from ({orders()})",
        )
        assert shop.table("order").deleted_count == 1

    def test_an_empty_time_of_deletion_deletes_nothing(self, shop: Shop) -> None:
        marks = "case id when 1 then '' when 2 then '2024-06-01T10:00:00Z' when 3 then ' ' end"
        shop.land("shopify/order", f"select *, {marks} as _ab_cdc_deleted_at from ({orders()})")
        assert shop.table("order").deleted_count == 1
        assert order_ids(shop) == [1, 3, 4, 5]

    @pytest.mark.parametrize(
        ("column", "mark", "data_type"),
        [
            ("_fivetran_deleted", "'deleted'", "boolean"),
            ("_fivetran_deleted", "2", "boolean"),
            ("_fivetran_deleted", "'2'", "boolean"),
            ("_fivetran_deleted", "2.0::double", "boolean"),
            ("_fivetran_deleted", "timestamp '2024-06-01'", "boolean"),
            ("_fivetran_deleted", "'2024-06-01 00:00:00'", "boolean"),
            ("_ab_cdc_deleted_at", "'null'", "timestamp"),
            ("_ab_cdc_deleted_at", "true", "timestamp"),
        ],
    )
    def test_a_flag_that_cannot_be_read_stops_the_build(
        self, shop: Shop, column: str, mark: str, data_type: str
    ) -> None:
        shop.land(
            "shopify/order", f"select *, case when id = 2 then {mark} end as {column} from ({orders()})"
        )
        message = shop.error()
        assert "Source shopify" in message
        assert f"table order, column {column}: 1 of 5 values are not {data_type} (row 2, id 2: " in message

    def test_a_flag_that_nobody_set_costs_nothing(self, shop: Shop) -> None:
        shop.land("shopify/order", f"select *, false as _fivetran_deleted from ({orders()})")
        shop.ingest()
        ((sql,),) = shop.rows("select sql from duckdb_views() where view_name = 'order'")
        assert "_fivetran_deleted" not in sql

    def test_a_deletion_that_a_later_load_took_back_deletes_nothing(self, shop: Shop) -> None:
        shop.land(
            "shopify/order",
            f"select *, false as _fivetran_deleted from ({orders()}) union all by name "
            f"select * replace (timestamp '2024-06-01' as _fivetran_synced), true as _fivetran_deleted "
            f"from ({orders()}) where id = 2",
        )
        tables = {table.table_name: table for table in shop.ingest().tables}
        assert (
            tables["order"].row_count,
            tables["order"].duplicate_count,
            tables["order"].deleted_count,
        ) == (5, 1, 0)
        assert tables["order_line"].row_count == 10


class TestDates:
    def test_an_order_of_2099_is_quarantined_with_its_lines(self, shop: Shop) -> None:
        shop.land("shopify/order", orders(bad_order("2099-01-01")))
        shop.land(
            "shopify/order_line",
            lines(f"select 990 as id, 99 as order_id, 1 as quantity, 1.0 as price, {LOADED}"),
        )
        report = shop.ingest()
        assert str(report.as_of_at) == "2024-05-06 10:00:00"
        assert quarantine(shop) == [
            ("order", "later_than_load", "99"),
            ("order_line", "parent_quarantined", "990"),
        ]
        assert order_ids(shop) == [1, 2, 3, 4, 5]
        assert shop.rows("select count(*) from conformed_shopify.order_line") == [(10,)]

    def test_an_order_of_1970_is_quarantined(self, shop: Shop) -> None:
        shop.land("shopify/order", orders(bad_order("1970-01-01")))
        shop.ingest()
        assert quarantine(shop) == [("order", "implausible_date", "99")]

    @pytest.mark.parametrize(
        "moment",
        [
            "timestamp '1970-01-01'",
            "timestamptz '1970-01-01 00:00:00+00'",
            "'0022-05-03 10:00:00'",
            "timestamp '9999-12-31'",
            "timestamp 'infinity'",
            "timestamptz 'infinity'",
            "'-infinity'",
        ],
    )
    def test_any_time_must_be_plausible(self, shop: Shop, moment: str) -> None:
        cancelled = f"case when id = 2 then {moment} end"
        shop.land("shopify/order", f"select * replace ({cancelled} as cancelled_at) from ({orders()})")
        shop.ingest()
        assert quarantine(shop) == [
            ("order", "implausible_date", "2"),
            ("order_line", "parent_quarantined", "20"),
            ("order_line", "parent_quarantined", "21"),
        ]
        details = shop.rows("select detail from pipeline.quarantine where table_name = 'order'")
        assert details[0][0].startswith("cancelled_at is ")

    def test_a_column_of_zero_dates_stops_the_build(self, shop: Shop) -> None:
        many = f"select * replace (i as id) from ({orders()} limit 1), range(1, 12) t(i)"
        shop.land("shopify/order", f"select * replace (timestamp '1970-01-01' as cancelled_at) from ({many})")
        message = shop.error()
        assert "table order: rule implausible_date takes out 11 of 11 rows" in message
        assert "1: cancelled_at is 1970-01-01 00:00:00" in message

    def test_a_time_that_lies_ahead_is_plausible(self, shop: Shop) -> None:
        ahead = "timestamp '2099-01-01' as cancelled_at"
        shop.land("shopify/order", f"select * replace ({ahead}) from ({orders()})")
        assert shop.table("order").quarantined_count == 0

    def test_an_order_without_a_date_is_quarantined(self, shop: Shop) -> None:
        shop.land("shopify/order", orders(f"select 99 as id, 'EUR' as currency, {LOADED}"))
        shop.ingest()
        assert quarantine(shop) == [("order", "missing_date", "99")]

    def test_clocks_may_differ_by_the_tolerance(self, shop: Shop) -> None:
        shop.land("shopify/order", orders(bad_order("2024-06-02 00:59:00")))
        assert shop.table("order").quarantined_count == 0
        shop.overrides = {"clock_skew_tolerance_minutes": 30}
        assert shop.table("order").quarantined_count == 1

    def test_a_load_time_in_the_future_proves_nothing(self, shop: Shop) -> None:
        shop.land(
            "shopify/order",
            orders(
                "select 99 as id, timestamp '2099-01-01' as processed_at, 'EUR' as currency, "
                "timestamp '2099-01-02' as _fivetran_synced"
            ),
        )
        assert shop.table("order").quarantined_count == 1

    def test_a_dated_grandchild_follows(self, shop: Shop) -> None:
        shop.land("shopify/order", orders(bad_order("2099-01-01")))
        shop.land(
            "shopify/order_line",
            lines(f"select 990 as id, 99 as order_id, 1 as quantity, 1.0 as price, {LOADED}"),
        )
        shop.land(
            "shopify/tax_line",
            "select 990 as order_line_id, 1 as index, 0.1 as price union all select 10, 1, 0.1",
        )
        shop.ingest()
        assert ("tax_line", "parent_quarantined", "990/1") in quarantine(shop)
        assert shop.rows("select order_line_id from conformed_shopify.tax_line") == [(10,)]


class TestRangesAndOrphans:
    def test_a_line_without_its_order_is_quarantined(self, shop: Shop) -> None:
        shop.land(
            "shopify/order_line",
            lines(f"select 990 as id, 12345 as order_id, 1 as quantity, 1.0 as price, {LOADED}"),
        )
        report = shop.table("order_line")
        assert (report.status, report.quarantined_count, report.row_count) == ("quarantined", 1, 10)
        assert shop.rows("select rule, record_id, detail from pipeline.quarantine") == [
            ("orphan", "990", "no order with id 12345")
        ]

    def test_a_line_that_names_no_order_is_an_orphan(self, shop: Shop) -> None:
        shop.land("shopify/order_line", lines(f"select 990 as id, 1 as quantity, 1.0 as price, {LOADED}"))
        shop.ingest()
        assert quarantine(shop) == [("order_line", "orphan", "990")]

    def test_an_optional_reference_may_be_null_but_not_wrong(self, shop: Shop) -> None:
        shop.land(
            "shopify/refund",
            "select 1 as id, null::bigint as order_id, timestamp '2024-05-05' as created_at "
            "union all select 2, 77, timestamp '2024-05-05'",
        )
        shop.ingest()
        assert quarantine(shop) == [("refund", "orphan", "2")]

    def test_children_of_a_table_that_did_not_land_are_orphans(self, shop: Shop) -> None:
        shop.land("shopify/order", f"from ({orders()}) where false")
        message = shop.table("order_line")
        assert message.quarantined_count == 10

    def test_a_quantity_of_zero_or_less_is_quarantined(self, shop: Shop) -> None:
        shop.land(
            "shopify/order_line",
            lines(
                f"select 990 as id, 1 as order_id, 0 as quantity, 1.0 as price, {LOADED} "
                f"union all by name select 991 as id, 1 as order_id, -2 as quantity, -1.0 as price, {LOADED}"
            ),
        )
        shop.ingest()
        assert shop.rows("select rule, record_id, detail from pipeline.quarantine order by all") == [
            ("out_of_range", "990", "quantity is 0, below 1"),
            ("out_of_range", "991", "quantity is -2, below 1"),
        ]
        assert shop.rows("select min(quantity), count(*) from conformed_shopify.order_line") == [(1, 10)]

    def test_a_line_without_its_price_or_quantity_is_quarantined(self, shop: Shop) -> None:
        shop.land(
            "shopify/order_line",
            lines(
                f"select 990 as id, 1 as order_id, 1 as quantity, null::double as price, {LOADED} "
                f"union all by name select 991 as id, 1 as order_id, null as quantity, 1.0 as price, {LOADED}"
            ),
        )
        shop.ingest()
        assert shop.rows("select rule, record_id, detail from pipeline.quarantine order by all") == [
            ("missing_amount", "990", "price empty"),
            ("missing_amount", "991", "quantity empty"),
        ]

    def test_more_than_a_few_stop_the_build(self, shop: Shop) -> None:
        many = f"select 1000 + i as id, 1 as order_id, -1 as quantity, 1.0 as price, {LOADED} from range(11) t(i)"
        shop.land("shopify/order_line", lines(many))
        message = shop.error()
        assert "rule out_of_range takes out 11 of 21 rows, more than the 10 that may be left aside" in message
        assert "1000: quantity is -1, below 1" in message

    def test_the_tolerated_share_is_a_variable(self, shop: Shop) -> None:
        many = f"select 1000 + i as id, 1 as order_id, -1 as quantity, 1.0 as price, {LOADED} from range(11) t(i)"
        shop.land("shopify/order_line", lines(many))
        shop.overrides = {"quarantine_max_share": 0.6}
        assert shop.table("order_line").quarantined_count == 11


class TestCurrencies:
    def test_one_currency_is_the_reporting_currency(self, shop: Shop) -> None:
        assert shop.ingest().reporting_currency_code == "EUR"

    def test_several_need_a_choice(self, shop: Shop) -> None:
        shop.land(
            "shopify/order", f"select * replace (if(id = 1, 'USD', 'EUR') as currency) from ({orders()})"
        )
        assert "Orders are in several currencies: EUR (4 orders), USD (1 orders)" in shop.error()
        shop.overrides = {"reporting_currency": "EUR"}
        assert shop.ingest().reporting_currency_code == "EUR"

    def test_a_currency_column_with_something_else_in_it_is_refused_without_quoting_it(
        self, shop: Shop
    ) -> None:
        shop.land(
            "shopify/order",
            f"select * replace (if(id = 1, 'ada@example.com', 'EUR') as currency) from ({orders()})",
        )
        message = shop.error()
        assert "1 orders have a currency that is not a three-letter code" in message
        assert "ada" not in message.lower()


def test_the_refund_of_a_line_that_was_set_aside_is_set_aside_with_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path, tmp_path / "raw", models_dir=MODELS_DIR)
    shop.land("shopify/order", orders())
    shop.land(
        "shopify/order_line",
        lines(f"select 990 as id, 1 as order_id, -3 as quantity, 5.0 as price, {LOADED}"),
    )
    shop.land("shopify/refund", "select 1 as id, 1 as order_id, timestamp '2024-05-05' as created_at")
    shop.land(
        "shopify/order_line_refund",
        "select 1 as id, 1 as refund_id, 10 as order_line_id, 2.0 as subtotal union all select 2, 1, 990, 5.0",
    )
    shop.ingest()
    assert quarantine(shop) == [
        ("order_line", "out_of_range", "990"),
        ("order_line_refund", "parent_quarantined", "2"),
    ]
