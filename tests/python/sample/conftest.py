"""One small shop, written once per test session in the forms the tests compare."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.sample import write_sample

CUSTOMERS = 1000
UNTIL = date(2024, 11, 30)


class Shop:
    """A written sample that answers SQL with `{table}` for its tables, e.g. `{shopify.order}`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.con = duckdb.connect()
        self.tables = {
            f"{folder.name}.{entry.name.removesuffix('.parquet')}": entry
            for folder in root.iterdir()
            for entry in folder.iterdir()
            if entry.suffix == ".parquet" or entry.is_dir()
        }

    def path(self, table: str) -> str:
        entry = self.tables[table]
        return f"'{entry}/*.parquet'" if entry.is_dir() else f"'{entry}'"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        for table in self.tables:
            sql = sql.replace("{" + table + "}", self.path(table))
        return self.con.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        [(value,)] = self.rows(sql)
        return value

    def columns(self, table: str) -> dict[str, str]:
        described = self.con.execute(f"describe select * from {self.path(table)}").fetchall()
        return {name: kind for name, kind, *_ in described}


Writes = Callable[..., Shop]


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Writes:
    def write_shop(**options: Any) -> Shop:
        root = tmp_path_factory.mktemp("shop")
        write_sample(root, **{"customers": CUSTOMERS, "seed": 7, **options})
        return Shop(root)

    return write_shop


@pytest.fixture(scope="session")
def shop(write: Writes) -> Shop:
    return write()


@pytest.fixture(scope="session")
def earlier_shop(write: Writes) -> Shop:
    return write(until=UNTIL)


@pytest.fixture(scope="session")
def graphql_shop(write: Writes) -> Shop:
    return write(shopify_shape="graphql")
