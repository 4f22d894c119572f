"""Formats: what is read in place, what is copied, and what a broken file looks like."""

import os
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import recheck_inputs
from tests.python.ingest.landing import Shop, lines, orders

ORDERS_CSV = (
    "id,created_at,currency,total_shipping_price_set\n"
    '1,2024-05-01 10:00:00,EUR,"{""shop_money"":{""amount"":""4.90""}}"\n'
    "2,2024-05-02T10:00:00Z,EUR,\n"
    "3,2024-05-03T12:00:00+02:00,EUR,\n"
)


@pytest.fixture
def csv_shop(shop: Shop) -> Shop:
    shop.remove("shopify/order.parquet")
    shop.write("shopify/order.csv", ORDERS_CSV)
    shop.land("shopify/order_line", "select 1 as id, 1 as order_id, 1 as quantity, 10.0 as price")
    return shop


def test_parquet_is_read_in_place(shop: Shop) -> None:
    shop.ingest()
    assert shop.rows("select bool_and(path = read_path) from pipeline.ingest_files") == [(True,)]
    assert not shop.settings.ingest_dir.exists()


def test_a_folder_of_parquet_files_is_one_table(shop: Shop) -> None:
    shop.remove("shopify/order.parquet")
    shop.land(
        "shopify/order/part-2.parquet",
        f"select * replace (cast(id as integer) as id) from ({orders()}) where id > 3",
    )
    shop.land(
        "shopify/order/part-1.parquet", f"select * exclude (cancel_reason) from ({orders()}) where id <= 3"
    )
    assert shop.table("order").row_count == 5
    paths = [
        Path(row[0]).name
        for row in shop.rows("select path from pipeline.ingest_files where table_name = 'order'")
    ]
    assert paths == ["part-1.parquet", "part-2.parquet"]


def test_folders_inside_a_table_s_folder_are_read(shop: Shop) -> None:
    shop.remove("shopify/order.parquet")
    shop.land("shopify/order/2024/05/a.parquet", f"from ({orders()}) where id <= 2")
    shop.land("shopify/order/b.parquet", f"from ({orders()}) where id > 2")
    for hidden in ("_SUCCESS", "_temporary/0/c.parquet", "2024/.part.crc", "2024/_started"):
        shop.write(f"shopify/order/{hidden}", b"not read")
    (shop.raw / "shopify/order/2024/up").symlink_to(shop.raw / "shopify/order")
    assert shop.table("order").row_count == 5
    pinned = "select count(*) from pipeline.ingest_files where table_name = 'order'"
    assert shop.rows(pinned) == [(2,)]
    shop.land("shopify/order/2024/05/a.parquet", f"from ({orders()}) where id = 1")
    with pytest.raises(WarehouseError, match="2024/05/a.parquet"):
        recheck_inputs(shop.settings)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_folder_with_the_suffix_of_its_parts_is_the_table(shop: Shop, suffix: str) -> None:
    shop.remove("shopify/order_line.parquet")
    shop.land(f"shopify/order_line.{suffix}/part-00000.{suffix}", f"from ({lines()}) where order_id < 3")
    shop.land(f"shopify/order_line.{suffix}/part-00001.{suffix}", f"from ({lines()}) where order_id >= 3")
    assert shop.table("order_line").row_count == 10


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_names_of_folders_are_not_taken_for_values(shop: Shop, suffix: str) -> None:
    shop.remove("shopify/order.parquet")
    for day in range(1, 6):
        part = f"shopify/order/created_at=2023-01-0{day}/year=2023/part.{suffix}"
        shop.land(part, f"from ({orders()}) where id = {day}")
    assert shop.table("order").row_count == 5
    assert shop.rows('select min(created_at)::varchar from conformed_shopify."order"') == [
        ("2024-05-02 10:00:00",)
    ]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_column_that_only_a_folder_s_name_has_is_not_passed_over(shop: Shop, suffix: str) -> None:
    shop.remove("shopify/order.parquet")
    shop.land(f"shopify/order/currency=USD/part.{suffix}", f"select * exclude (currency) from ({orders()})")
    message = shop.error()
    assert "table order: column currency is only in the name of a folder" in message
    assert "Write it into the files" in message


def test_csv_is_copied_once(csv_shop: Shop) -> None:
    csv_shop.ingest()
    rows = csv_shop.rows(
        'select id, created_at::varchar, shipping_amount from conformed_shopify."order" order by id'
    )
    assert [row[1] for row in rows] == ["2024-05-01 10:00:00", "2024-05-02 10:00:00", "2024-05-03 10:00:00"]
    assert [str(row[2]) for row in rows] == ["4.9000", "None", "None"]

    (copy,) = csv_shop.settings.ingest_dir.iterdir()
    before = copy.stat().st_mtime_ns
    csv_shop.ingest()
    assert copy.stat().st_mtime_ns == before


def test_a_changed_csv_is_copied_again_and_the_old_copy_removed(csv_shop: Shop) -> None:
    csv_shop.ingest()
    (old,) = csv_shop.settings.ingest_dir.iterdir()
    csv_shop.write("shopify/order.csv", ORDERS_CSV + "4,2024-05-04,EUR,\n")
    assert csv_shop.table("order").row_count == 4
    (new,) = csv_shop.settings.ingest_dir.iterdir()
    assert new != old


def test_leftovers_of_a_killed_run_are_removed(csv_shop: Shop) -> None:
    csv_shop.settings.ingest_dir.mkdir(parents=True)
    leftover = csv_shop.settings.ingest_dir / "shopify_order.0123.999.tmp"
    leftover.write_text("half a file")
    csv_shop.ingest()
    assert not leftover.exists()


def test_copies_hold_only_declared_columns(csv_shop: Shop) -> None:
    csv_shop.write("shopify/order.csv", "id,created_at,card_number\n1,2024-05-01,4111111111111111\n")
    csv_shop.ingest()
    (copy,) = csv_shop.settings.ingest_dir.iterdir()
    assert b"4111111111111111" not in copy.read_bytes()
    assert csv_shop.rows(f"select card_number from '{copy}'") == [(None,)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("4,2024-05-04,EUR\n5,2024-05-05,EUR,\n", "line 5 is broken (3 fields where the header has 4)"),
        ('4,2024-05-04,"EUR,\n5,2024-05-05,EUR,\n', "line 5 is broken (a quote that is never closed)"),
        ("4,2024-05-04,ada@example.com,x,y,z\n", "line 5 is broken (more fields where the header has 4)"),
    ],
)
def test_a_broken_csv_row_names_file_and_line_but_not_its_content(
    csv_shop: Shop, row: str, reason: str
) -> None:
    csv_shop.write("shopify/order.csv", ORDERS_CSV + row)
    message = csv_shop.error()
    assert f"order.csv: {reason}" in message
    assert "example.com" not in message


def test_csv_that_is_not_utf8_is_refused(csv_shop: Shop) -> None:
    csv_shop.write("shopify/order.csv", ORDERS_CSV.encode() + b"4,2024-05-04,\xff\xfe,\n")
    assert "order.csv: line 5 is broken (not UTF-8)" in csv_shop.error()


def test_csv_needs_a_header_of_distinct_names(csv_shop: Shop) -> None:
    csv_shop.write("shopify/order.csv", "")
    assert "a CSV file without rows still needs its header line" in csv_shop.error()
    csv_shop.write("shopify/order.csv", "id,created_at,ID\n")
    assert "header names missing or used twice: id" in csv_shop.error()


def test_csv_may_have_semicolons_a_byte_order_mark_and_no_rows(csv_shop: Shop) -> None:
    csv_shop.write("shopify/order.csv", "\ufeffid;created_at\n")
    csv_shop.land("shopify/order_line", f"from ({lines()}) where false")
    assert csv_shop.table("order").status == "empty"


def test_jsonl_is_read_with_the_columns_of_every_line(shop: Shop) -> None:
    shop.remove("shopify/order.parquet")
    shop.write(
        "shopify/order.jsonl",
        '{"id": 1, "created_at": "2024-05-01T10:00:00Z", "test": false}\n'
        '{"id": 9007199254740993, "created_at": "2024-05-02", '
        '"total_shipping_price_set": {"shop_money": {"amount": "3.10"}}}\n',
    )
    shop.land("shopify/order_line", "select 1 as id, 1 as order_id, 1 as quantity, 10.0 as price")
    shop.ingest()
    rows = shop.rows('select id, test, shipping_amount from conformed_shopify."order" order by created_at')
    assert [(row[0], row[1], str(row[2])) for row in rows] == [
        (1, False, "None"),
        (9007199254740993, None, "3.1000"),
    ]


def test_an_empty_jsonl_file_is_an_empty_table(shop: Shop) -> None:
    shop.write("shopify/tax_line.jsonl", "")
    assert shop.table("tax_line").status == "empty"


@pytest.mark.parametrize("line", ['{"id": 3,', "[1, 2]", "nonsense"])
def test_a_broken_jsonl_line_is_named(shop: Shop, line: str) -> None:
    shop.write(
        "shopify/tax_line.jsonl",
        f'{{"order_line_id": 10, "index": 1}}\n{line}\n{{"order_line_id": 11, "index": 1}}\n',
    )
    assert "tax_line.jsonl: line 2 is not one complete JSON object" in shop.error()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"index": 1, "email": "ada@example.com", "index": 2}', 'line 2 has the key "index" twice'),
        (b'{"email": "ada@example.com\xff"}', "line 2 is not one complete JSON object"),
        (
            b'{"email": "ada@example.com", "name": "\\ud800"}',
            "a line cannot be read (no low surrogate in string)",
        ),
        (b'{"email": "ada@example.com", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "a line cannot be read"),
    ],
)
def test_a_jsonl_line_that_only_duckdb_refuses_is_not_quoted(shop: Shop, line: bytes, told: str) -> None:
    shop.write("shopify/tax_line.jsonl", b'{"order_line_id": 10, "index": 1}\n' + line + b"\n")
    message = shop.error()
    assert told in message
    assert "tax_line.jsonl" in message
    assert "example.com" not in message


def test_a_view_that_cannot_be_computed_is_told_without_the_value(shop: Shop) -> None:
    path = shop.root / "raw.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema shopify")
        con.execute("create table shopify.base as select 'ada@example.com' as id")
        con.execute("create view shopify.customer as select id::int as id from raw.shopify.base")
    shop.raw = path
    message = shop.error()
    assert "table customer in " in message
    assert "example.com" not in message


@pytest.mark.parametrize("keep", [0, 3, 0.5, 0.99])
def test_a_truncated_parquet_file_is_named(shop: Shop, keep: float) -> None:
    path = shop.raw / "shopify/order_line.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    assert f"file {path} is not a complete Parquet file" in shop.error()


def test_one_truncated_file_among_several_is_named(shop: Shop) -> None:
    shop.remove("shopify/order.parquet")
    shop.land("shopify/order/a.parquet", orders())
    shop.write("shopify/order/b.parquet", b"PAR1 cut off")
    message = shop.error()
    assert "b.parquet is not a complete Parquet file" in message
    assert "a.parquet" not in message


def test_damage_behind_an_intact_footer_is_found(shop: Shop) -> None:
    path = shop.land("shopify/order_line", f"select *, random() as noise from ({lines()})")
    damaged = bytearray(path.read_bytes())
    damaged[4:200] = os.urandom(196)
    path.write_bytes(damaged)
    assert "table order_line: " in shop.error()


def test_wide_integers_of_a_database_keep_every_digit(shop: Shop) -> None:
    path = shop.root / "raw.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema shopify")
        con.execute(f'create table shopify."order" as {orders()}')
        con.execute("create table shopify.customer as select 9007199254740993::hugeint as id")
        con.execute(f"create table shopify.order_line as {lines()}")
    shop.raw = path
    shop.ingest()
    assert shop.rows("select id from conformed_shopify.customer") == [(9007199254740993,)]
