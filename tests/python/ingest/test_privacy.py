"""No error of any kind quotes a person: whatever is wrong with raw data, messages and logs stay free of it."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import MODELS_DIR, Table, load_platforms
from tests.python.ingest.landing import LOADED, Shop, lines, orders

PERSON = ["ada.lovelace@example.org", "lovelace", "Lovelace", "+44 20 7946 0958", "442079460958"]
EMAIL = PERSON[0]
TABLES = [table for platform in load_platforms().values() for table in platform.tables.values()]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, tmp_path / "raw", models_dir=MODELS_DIR)
    shop.land("shopify/order", orders())
    shop.land("shopify/order_line", lines())
    return shop


def told(shop: Shop, caplog: pytest.LogCaptureFixture) -> str:
    """Everything a refused or accepted ingest says."""
    caplog.set_level("DEBUG")
    try:
        message = str(shop.ingest())
    except WarehouseError as error:
        message = str(error)
    said: str = message + caplog.text
    assert [value for value in PERSON if value in said] == []
    return said


@pytest.mark.parametrize("value", [EMAIL, "Lovelace", PERSON[3]], ids=["address", "name", "phone"])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.platform}.{table.name}")
def test_a_person_in_a_column_for_something_else_is_not_quoted(
    shop: Shop, caplog: pytest.LogCaptureFixture, table: Table, value: str
) -> None:
    columns = ", ".join(
        f"'{value}' as \"{column.name}\"" for column in table.columns if not column.name.startswith("_")
    )
    path = shop.raw / table.platform / f"{table.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".parquet").unlink(missing_ok=True)
    with duckdb.connect() as con:
        con.execute(f"copy (select {columns} from range(30)) to '{path}' (format csv)")
    told(shop, caplog)


def _cut_csv(shop: Shop) -> None:
    shop.write("shopify/customer.csv", f'id,email,first_name\n1,"{EMAIL}","Ada Lovelace\n2,{EMAIL},x,y,z\n')


def _broken_json(shop: Shop) -> None:
    rows = [json.dumps({"id": 1, "email": EMAIL}), '{"id": 2, "email": "' + EMAIL + '", "last_name": "Lovel']
    shop.write("shopify/customer.jsonl", "\n".join(rows))


def _not_utf8(shop: Shop) -> None:
    shop.write("shopify/customer.csv", f"id,email,last_name\n1,{EMAIL},Lovelace\xff\n".encode("latin-1"))


def _twice_and_different(shop: Shop) -> None:
    shop.land(
        "shopify/customer",
        f"select 1 as id, '{EMAIL}' as email, 'Lovelace' as last_name, timestamp '2024-01-01' as created_at, {LOADED} "
        f"union all select 1, 'x@example.org', 'Byron', timestamp '2024-01-01', timestamp '2024-06-02'",
    )


def _address_as_key(shop: Shop) -> None:
    shop.land(
        "klaviyo/person",
        f"select '{EMAIL}' as id, 'a' as email, {LOADED} union all select '{EMAIL}', 'b', timestamp '2024-06-02'",
    )


def _address_as_reference(shop: Shop) -> None:
    shop.land("klaviyo/person", f"select 'p1' as id, 'a@example.org' as email, {LOADED}")
    shop.land("klaviyo/metric", f"select 'm1' as id, 'Opened Email' as name, {LOADED}")
    shop.land(
        "klaviyo/event",
        f"select 'e' || i as id, '{EMAIL}' as person_id, 'm1' as metric_id, timestamp '2024-05-01' as datetime, "
        f"{LOADED} from range(40) t(i)",
    )


def _address_as_currency(shop: Shop) -> None:
    shop.land("shopify/order", f"select * replace ('{EMAIL}' as currency) from ({orders()})")


def _address_as_file_content(shop: Shop) -> None:
    shop.write("shopify/customer.parquet", f"PAR1 {EMAIL} Lovelace")


SPOILED: dict[str, Callable[[Shop], None]] = {
    "a CSV file that is cut off": _cut_csv,
    "a JSON file that is cut off": _broken_json,
    "text that is not UTF-8": _not_utf8,
    "one key with two contents": _twice_and_different,
    "an address as key, twice": _address_as_key,
    "an address as reference": _address_as_reference,
    "an address as currency": _address_as_currency,
    "a Parquet file that is none": _address_as_file_content,
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=list(SPOILED))
def test_damaged_data_are_told_without_the_person(
    shop: Shop, caplog: pytest.LogCaptureFixture, spoil: Callable[[Shop], None]
) -> None:
    spoil(shop)
    told(shop, caplog)
