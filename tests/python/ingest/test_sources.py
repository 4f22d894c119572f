"""Which sources are connected, and what happens when the raw input is not what it should be."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import load_platforms
from crm_warehouse.ingest.discover import Source, source_number
from tests.python.ingest.landing import DECLARATIONS, Shop, orders


def names(shop: Shop) -> list[str]:
    return [source.name for source in shop.ingest().sources]


def test_a_folder_named_after_a_platform_is_that_platform(shop: Shop) -> None:
    assert shop.ingest().sources == (Source("shopify", "shopify", "shopify"),)
    assert shop.rows("select count(*), count(distinct source_name) from conformed_shopify.order_line") == [
        (10, 1)
    ]


def test_unconnected_platforms_are_typed_and_empty(shop: Shop) -> None:
    shop.ingest()
    assert shop.rows("select count(*), max(event_at) from conformed_klaviyo.event") == [(0, None)]
    assert shop.rows("select typeof(price) from conformed_shopify.tax_line") == []
    assert ("price", "DECIMAL(18,4)") in {row[:2] for row in shop.rows("describe conformed_shopify.tax_line")}


def test_a_folder_may_have_the_schema_name_of_an_entry_in_vars(shop: Shop) -> None:
    (shop.raw / "shopify").rename(shop.raw / "eu_shop")
    shop.overrides = {}
    assert "'eu_shop' is neither a platform nor the schema" in shop.error()

    shop.write("sources.yml", "- {name: eu, platform: shopify, schema: eu_shop}")
    assert names(shop) == ["eu"]


def test_two_shops_keep_their_keys_apart(shop: Shop) -> None:
    for table in ("customer", "order", "order_line"):
        source = shop.raw / "shopify" / f"{table}.parquet"
        shop.write(f"second/{table}.parquet", source.read_bytes())
    shop.write(
        "sources.yml",
        "sources:\n- {name: shop_a, platform: shopify, schema: shopify}\n"
        "- {name: shop_b, platform: shopify, schema: second}\n",
    )
    assert names(shop) == ["shop_a", "shop_b"]
    rows = shop.rows(
        'select source_name, count(*), count(distinct id) from conformed_shopify."order" group by 1 order by 1'
    )
    assert rows == [("shop_a", 5, 5), ("shop_b", 5, 5)]


def test_a_listed_source_that_is_absent_stops_the_build(shop: Shop) -> None:
    shop.write(
        "sources.yml",
        "- {name: shopify, platform: shopify}\n- {name: mail, platform: klaviyo, schema: klavio}\n",
    )
    assert "Source mail:\n  - schema 'klavio' is not in the raw input Found: shopify." in shop.error()


def test_the_default_sample_needs_every_listed_source(shop: Shop) -> None:
    (shop.root / "out").mkdir()
    shop.raw.rename(shop.root / "out" / "sample_raw")
    shop.raw = shop.root / "out" / "sample_raw"
    message = shop.error()
    assert "Source klaviyo:" in message
    assert "Source zendesk:" in message


def test_an_unknown_platform_names_the_closest_one(shop: Shop) -> None:
    shop.write("sources.yml", "- {name: shop, platform: shopfy, schema: shopify}\n")
    assert "unknown platform 'shopfy'; did you mean 'shopify'?" in shop.error()


def test_a_misspelt_schema_names_the_closest_one(shop: Shop) -> None:
    (shop.raw / "shopify").rename(shop.raw / "shopifi")
    assert "did you mean 'shopify'?" in shop.error()


def test_source_names_are_unique_and_fit_into_keys(shop: Shop) -> None:
    shop.write(
        "sources.yml",
        "- {name: shop, platform: shopify, schema: shopify}\n- {name: shop, platform: shopify, schema: shopify}\n"
        "- {name: 'EU:1', platform: shopify, schema: shopify}\n",
    )
    message = shop.error()
    assert "its name is used by several sources" in message
    assert "must be lower-case letters" in message


def test_names_that_keys_cannot_tell_apart_are_refused(shop: Shop) -> None:
    twin = next(
        name
        for name in (f"shop_{number}" for number in itertools.count())
        if source_number(name) == source_number("shop")
    )
    shop.write(
        "sources.yml",
        "- {name: shop, platform: shopify, schema: shopify}\n"
        f"- {{name: {twin}, platform: shopify, schema: shopify}}\n",
    )
    assert f"Source {twin}:\n  - its keys would collide with those of 'shop'" in shop.error()


def test_two_entries_for_the_same_data_are_refused(shop: Shop) -> None:
    entries = [{"name": name, "platform": "shopify", "schema": "shopify"} for name in ("eu", "us")]
    told = (
        "Source us:\n  - it reads schema 'shopify' as shopify, and so does 'eu': every row would count twice"
    )
    shop.write("sources.yml", json.dumps(entries))
    assert told in shop.error()
    shop.remove("sources.yml")
    shop.overrides = {"sources": entries}
    assert told in shop.error()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"- {name: a, platform: shopify}\n- {name: b, platform\n", "no valid YAML"),
        (b"- name: a\n\tplatform: shopify\n", "line 2: no valid YAML"),
        (
            "- {name: a, platform: shopify}\n- {name: b\xfcro}\n".encode("latin-1"),
            "line 2: text that is not UTF-8",
        ),
        (b"- {name: a}\n- {name: \x01}\n", "line 2: a character that YAML does not allow"),
    ],
)
def test_a_list_of_sources_that_is_no_yaml_names_the_line(shop: Shop, content: bytes, told: str) -> None:
    shop.write("sources.yml", content)
    message = shop.error()
    assert f"{shop.raw / 'sources.yml'}, line " in message
    assert told in message


def test_an_unusable_list_of_sources_shows_the_form(shop: Shop) -> None:
    shop.write("sources.yml", "shopify")
    assert "must hold a list of entries like {name: shopify" in shop.error()
    shop.write("sources.yml", "- shopify")
    assert "'shopify' is not understood" in shop.error()


def test_an_empty_folder_stops_the_build(tmp_path: Path) -> None:
    shop = Shop(tmp_path, tmp_path / "raw")
    assert "There is no raw input" in shop.error()
    shop.raw.mkdir()
    assert "holds no source with tables" in shop.error()
    (shop.raw / "shopify").mkdir()
    assert "holds no source with tables" in shop.error()


def test_tables_outside_a_source_folder_are_pointed_at(tmp_path: Path) -> None:
    shop = Shop(tmp_path, tmp_path / "raw")
    shop.land("order", orders())
    assert "Found outside any source folder: order.parquet" in shop.error()


def test_hidden_folders_and_notes_are_not_sources(shop: Shop) -> None:
    shop.write("_truth/people.parquet", b"")
    shop.write(".cache/x.parquet", b"")
    shop.write("shopify/README.md", "notes")
    assert names(shop) == ["shopify"]


def test_a_table_in_an_unknown_format_is_not_passed_over(shop: Shop) -> None:
    shop.write("shopify/refund.csv.gz", b"\x1f\x8b")
    assert "table refund: refund.csv.gz is not read" in shop.error()
    shop.remove("shopify/refund.csv.gz")
    shop.write("shopify/refund/2024/part.csv.gz", b"\x1f\x8b")
    assert "table refund: refund/2024/part.csv.gz is not read" in shop.error()


def test_files_that_cannot_be_opened_are_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.raw / "shopify/tax_line.csv").symlink_to("gone.csv")
    assert "Source shopify:\n  - table tax_line: file " in shop.error()
    assert "tax_line.csv is a link to nothing. Remove the link" in shop.error()
    shop.remove("shopify/tax_line.csv")
    (shop.raw / "shopify/tax_line").mkdir()
    os.mkfifo(shop.raw / "shopify/tax_line/part.csv")
    assert "tax_line/part.csv is not a regular file. Remove it" in shop.error()
    shop.remove("shopify/tax_line/part.csv")

    opened = Path.open

    def refuse(path: Path, *arguments: str, **options: str) -> object:
        if path.name == "order.parquet":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)  # type: ignore[call-overload]  # passed on as given

    monkeypatch.setattr(Path, "open", refuse)
    assert "table order: file " in shop.error()
    assert "order.parquet cannot be read: permission denied. Let the account" in shop.error()


def test_a_source_that_is_a_link_to_nothing_is_not_passed_over(shop: Shop) -> None:
    (shop.raw / "klaviyo").symlink_to("gone")
    assert f"{shop.raw / 'klaviyo'} is a link to nothing" in shop.error()


def test_a_table_in_two_formats_is_refused(shop: Shop) -> None:
    shop.write("shopify/order.csv", "id\n1\n")
    assert "table order is there twice: order.csv and order.parquet" in shop.error()


def test_a_missing_required_table_names_what_is_there(shop: Shop) -> None:
    (shop.raw / "shopify/order.parquet").rename(shop.raw / "shopify/ordr.parquet")
    assert "required table order is missing; did you mean 'ordr'?" in shop.error()


def test_a_missing_required_column_names_its_aliases(shop: Shop) -> None:
    shop.land("shopify/order_line", "select 1 as id, 1 as order_id, 2 as quantty")
    message = shop.error()
    assert "table order_line: required column quantity is missing; did you mean 'quantty'?" in message
    assert "table order_line: needs one of the columns price, original_total" in message


def test_every_problem_of_every_source_is_told_at_once(shop: Shop) -> None:
    shop.remove("shopify/order.parquet")
    shop.land("shopify/customer", "select 'a@example.com' as email")
    shop.land("klaviyo/person", "select 1 as nothing")
    message = shop.error()
    assert "Source klaviyo:" in message
    assert "required table event is missing" in message
    assert "table person: required column id is missing" in message
    assert "Source shopify:" in message
    assert "required table order is missing" in message
    assert "table customer: required column id is missing" in message


def test_missing_optional_tables_and_columns_are_reported(shop: Shop) -> None:
    assert shop.table("tax_line").status == "missing_optional"
    note = shop.table("customer").note or ""
    assert "columns not landed: birth_year" in note


def test_an_empty_table_is_fine_and_shows_as_such(shop: Shop) -> None:
    shop.land("klaviyo/person", "select 'x' as id where false")
    shop.land("klaviyo/event", "select 'x' as id, timestamp '2024-01-01' as datetime where false")
    assert shop.table("event", "klaviyo").status == "empty"


def test_a_shop_without_orders_is_fine(shop: Shop) -> None:
    shop.land("shopify/order", f"from ({orders()}) where false")
    shop.land("shopify/order_line", "select 1 as id, 1 as order_id, 1 as quantity, 1.0 as price where false")
    report = shop.ingest()
    assert report.reporting_currency_code == "XXX"
    assert report.row_count("shopify") == 2


class TestDuckDbInput:
    def land(self, shop: Shop) -> Path:
        path = shop.root / "landed.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("create schema shopify")
            for table in ("customer", "order", "order_line"):
                file = shop.raw / "shopify" / f"{table}.parquet"
                con.execute(f"create table shopify.\"{table}\" as from '{file}'")
        shop.raw = path
        return path

    def test_tables_that_landed_in_a_database_are_read(self, shop: Shop) -> None:
        self.land(shop)
        assert shop.ingest().row_count("shopify") == 17
        assert (
            shop.rows('select sum(shipping_amount) from conformed_shopify."order"')[0][0]
            == 5 * shop.rows("select 4.9")[0][0]
        )

    def test_views_in_the_database_count_as_tables(self, shop: Shop) -> None:
        path = self.land(shop)
        with duckdb.connect(str(path)) as con:
            con.execute('alter table shopify."order" rename to order_base')
            con.execute('create view shopify."order" as from landed.shopify.order_base')
        assert shop.table("order").row_count == 5

    def test_a_database_held_by_a_writer_is_explained(self, shop: Shop) -> None:
        path = self.land(shop)
        writer = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", writer, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            message = shop.error()
            process.communicate("\n")
        assert "open for writing in another process" in message

    def test_a_schema_that_is_no_platform_is_refused(self, shop: Shop) -> None:
        path = self.land(shop)
        with duckdb.connect(str(path)) as con:
            con.execute("create schema spotify")
            con.execute("create table spotify.song as select 1 as id")
        assert "did you mean 'shopify'?" in shop.error()

    def test_its_sources_can_be_listed_beside_it(self, shop: Shop) -> None:
        path = self.land(shop)
        with duckdb.connect(str(path)) as con:
            con.execute("create schema other")
            con.execute("create table other.t as select 1 as id")
        (shop.root / "landed.sources.yml").write_text(
            "- {name: main_shop, platform: shopify, schema: shopify}"
        )
        assert names(shop) == ["main_shop"]

    def test_another_file_is_not_mistaken_for_a_database(self, shop: Shop) -> None:
        shop.raw = shop.write("raw.duckdb", "no database")
        assert "cannot be read as a DuckDB database" in shop.error()


def test_declarations_name_their_mistakes(tmp_path: Path) -> None:
    folder = tmp_path / "staging" / "x"
    folder.mkdir(parents=True)
    source = {
        "name": "x",
        "schema": "conformed_x",
        "tables": [
            {
                "name": "t",
                "config": {
                    "meta": {
                        "primary_key": ["idd"],
                        "requird": True,
                        "parent": {"table": "u", "column": "id"},
                    }
                },
                "columns": [{"name": "id", "data_type": "varchar"}],
            }
        ],
    }
    (folder / "_x__sources.yml").write_text(json.dumps({"sources": [source]}))
    with pytest.raises(WarehouseError) as caught:
        load_platforms(tmp_path)
    message = str(caught.value)
    assert "x.t: unknown meta requird" in message
    assert "x.t.id: data_type 'varchar'" in message
    assert "x.t: its meta names an undeclared column 'idd'" in message
    assert "x.t: parent 'u' is not a declared table" in message
    assert set(load_platforms(DECLARATIONS)) == {"klaviyo", "shopify"}
