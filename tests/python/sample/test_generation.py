"""The generator: repeatable, independent of how it was run, in both shapes, and clear about bad requests."""

import hashlib
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.sample import write_sample, writer
from crm_warehouse.sample.__main__ import main
from crm_warehouse.sample.tables import TABLES
from tests.python.sample.conftest import CUSTOMERS, Shop, Writes

RAW_SCHEMA = (
    Path(os.environ.get("CRM_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data")).parent
    / "raw_schema"
)
# Known from the connectors' own pages, beyond what the listed packages read.
ALSO_REAL = {
    "event": {"property_variant_id"},
    "person": {"subscriptions_email_marketing_consent", "subscriptions_email_marketing_timestamp"},
}


def digests(shop: Shop) -> dict[str, str]:
    return {
        table: hashlib.sha256(entry.read_bytes()).hexdigest()
        for table, entry in shop.tables.items()
        if entry.is_file()
    }


def test_the_same_seed_writes_the_same_files(shop: Shop, write: Writes) -> None:
    assert digests(write()) == digests(shop)


def test_another_seed_writes_another_shop(shop: Shop, write: Writes) -> None:
    assert write(seed=8).rows("from {shopify.order} select id") != shop.rows("from {shopify.order} select id")


def test_the_number_of_threads_does_not_matter(
    shop: Shop, write: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = duckdb.connect

    def single_threaded(config: dict[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        return connect(config={**(config or {}), "threads": 1})

    monkeypatch.setattr(writer.duckdb, "connect", single_threaded)
    assert digests(write()) == digests(shop)


@pytest.fixture(scope="module")
def chunked_shop(write: Writes) -> Shop:
    """A shop of several chunks and several parts per table."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("config", "people", "helpdesk"):
            patch.setattr(f"crm_warehouse.sample.{module}.CHUNK_PEOPLE", 300)
        patch.setattr(writer, "ROWS_PER_PART", 2000)
        return write()


def test_many_chunks_make_one_shop_in_order_of_time(chunked_shop: Shop) -> None:
    assert chunked_shop.value("select count(*) from {_truth.people}") == CUSTOMERS
    assert len(list(chunked_shop.tables["shopify.order_line"].iterdir())) > 2
    moments = chunked_shop.rows("from {shopify.order} select created_at")
    assert moments == sorted(moments)
    for table in TABLES:
        name = f"{table.platform}.{table.name}"
        if name in chunked_shop.tables and not table.hidden:
            key = ", ".join(f'"{column}"' for column in table.key)
            path = chunked_shop.path(name)
            assert chunked_shop.rows(f"select {key} from {path} group by all having count(*) > 1") == [], name
    assert not (chunked_shop.root / "_parts").exists()


def test_chunks_have_the_same_tables_and_columns_as_one_piece(chunked_shop: Shop, shop: Shop) -> None:
    assert set(chunked_shop.tables) == set(shop.tables)
    for table in shop.tables:
        assert chunked_shop.columns(table) == shop.columns(table)


def test_a_smaller_sample_replaces_a_larger_one(tmp_path: Path) -> None:
    write_sample(tmp_path / "raw", customers=20)
    larger = tmp_path / "raw" / "shopify" / "order" / "part-000.parquet"
    larger.parent.mkdir()
    larger.write_text("a part of the larger sample")
    write_sample(tmp_path / "raw", customers=20)
    assert not larger.exists()
    assert (tmp_path / "raw" / "shopify" / "order.parquet").exists()


def test_a_folder_that_is_not_a_sample_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "shopify" / "order.parquet"
    theirs.parent.mkdir()
    theirs.write_text("somebody's orders")
    with pytest.raises(WarehouseError, match="not a sample shop"):
        write_sample(tmp_path, customers=20)
    assert theirs.read_text() == "somebody's orders"


def test_an_interrupted_run_leaves_no_half_written_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(writer.Writer, "write_chunk", interrupt)
        write_sample(tmp_path / "raw", customers=20)
    assert not (tmp_path / "raw").exists()
    write_sample(tmp_path / "raw", customers=20)
    assert (tmp_path / "raw" / "shopify" / "order.parquet").exists()


def test_graphql_tells_of_the_same_orders(shop: Shop, graphql_shop: Shop) -> None:
    rest = shop.rows("""
        select id, customer_id, created_at, cancelled_at, total_price, total_tax, upper(financial_status)
        from {shopify.order} order by id""")
    graphql = graphql_shop.rows("""
        select id, customer_id, created_at, cancelled_at, total_price_set_shop_amount,
            total_tax_set_shop_amount, display_financial_status
        from {shopify.order} order by id""")
    assert rest == graphql


def test_a_graphql_line_carries_its_total(shop: Shop, graphql_shop: Shop) -> None:
    rest = shop.rows("select id, round(price * quantity, 2), gift_card from {shopify.order_line} order by id")
    graphql = graphql_shop.rows(
        "select id, original_total_set_shop_amount, is_gift_card from {shopify.order_line} order by id"
    )
    assert rest == graphql


def test_graphql_refunds_are_the_same(shop: Shop, graphql_shop: Shop) -> None:
    rest = shop.rows(
        "select id, order_line_id, subtotal, total_tax from {shopify.order_line_refund} order by id"
    )
    graphql = graphql_shop.rows("""
        select id, order_line_id, subtotal_set_shop_amount, total_tax_set_shop_amount
        from {shopify.refund_line_item} order by id""")
    assert rest == graphql


@pytest.mark.parametrize("shape", ["rest", "graphql"])
def test_all_columns_are_real(shop: Shop, graphql_shop: Shop, shape: str) -> None:
    if not RAW_SCHEMA.exists():
        pytest.skip("the list of real column names is not in this checkout")
    written = shop if shape == "rest" else graphql_shop
    for platform, listing in (
        ("shopify", f"shopify_{shape}"),
        ("klaviyo", "klaviyo"),
        ("zendesk", "zendesk"),
    ):
        real = real_columns(RAW_SCHEMA / f"{listing}.md")
        for table in (t for t in written.tables if t.startswith(platform)):
            short = table.split(".")[1]
            if short != "global_exclusion":
                unknown = set(written.columns(table)) - real[short] - ALSO_REAL.get(short, set())
                assert unknown == set(), table


def real_columns(listing: Path) -> dict[str, set[str]]:
    tables: dict[str, set[str]] = {}
    for section in listing.read_text().split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        tables[title.strip()] = {entry.split()[0] for entry in body.strip().split("; ")}
    return tables


def test_a_lean_sample_keeps_orders_and_money(shop: Shop, write: Writes) -> None:
    lean = write(lean=True)
    assert "shopify.tax_line" not in lean.tables
    question = (
        "select id, customer_id, email, total_price, total_tax, created_at from {shopify.order} order by id"
    )
    assert lean.rows(question) == shop.rows(question)


def test_the_command_line_writes_a_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--customers", "20", "--until", "2024-01-31"]) == 0
    assert "20 of 20" in capsys.readouterr().out
    assert (tmp_path / "_truth" / "config.json").exists()


def test_an_impossible_size_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WarehouseError, match="customers must be between"):
        write_sample(tmp_path, customers=0)
    with pytest.raises(WarehouseError, match="orders_per_customer must be between"):
        write_sample(tmp_path, orders_per_customer=40)
    assert main(["--out", str(tmp_path), "--customers", "-1"]) == 1
    assert "customers must be between" in capsys.readouterr().err
