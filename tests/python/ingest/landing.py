"""A tiny shop to land, spoil and conform."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import IngestReport, TableReport, ingest
from crm_warehouse.settings import Settings

DECLARATIONS = Path(__file__).parent / "declarations"
LOADED = "timestamp '2024-06-02 00:00:00' as _fivetran_synced"


@dataclass
class Shop:
    """Raw tables on their way into one warehouse."""

    root: Path
    raw: Path
    as_of: date | None = None
    overrides: dict[str, Any] | None = None
    models_dir: Path = DECLARATIONS

    @property
    def settings(self) -> Settings:
        return Settings(self.raw, self.root / "out", self.as_of, self.overrides or {})

    def land(self, table: str, query: str) -> Path:
        """Write the query's rows as `<source>/<table>.parquet`, or in the format of the given suffix."""
        path = self.raw / (table if Path(table).suffix else f"{table}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json"}[path.suffix]
        with duckdb.connect() as con:
            con.execute(f"copy ({query}) to '{path}' (format {kind})")
        return path

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def remove(self, name: str) -> None:
        (self.raw / name).unlink()

    def ingest(self, build_id: str = "build") -> IngestReport:
        return ingest(self.settings, build_id, models_dir=self.models_dir)

    def table(self, name: str, source: str = "shopify") -> TableReport:
        """Ingest and return the report of one table."""
        report = self.ingest()
        return next(t for t in report.tables if (t.source_name, t.table_name) == (source, name))

    def error(self) -> str:
        """Ingest, expect it to be refused, and return the message."""
        with pytest.raises(WarehouseError) as caught:
            self.ingest()
        return str(caught.value)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path)) as con:
            return con.execute(query).fetchall()


def orders(more: str = "") -> str:
    """Five orders on the first days of May 2024; `more` adds rows of the same columns."""
    union = f" union all by name {more}" if more else ""
    return (
        "select i::bigint as id, timestamp '2024-05-01 10:00:00' + to_days(i::int) as processed_at, "
        "timestamp '2024-05-01 10:00:00' + to_days(i::int) as created_at, null::timestamp as cancelled_at, "
        f"null::varchar as cancel_reason, 'EUR' as currency, 4.9 as shipping_amount, {LOADED} "
        f"from range(1, 6) t(i){union}"
    )


def lines(more: str = "") -> str:
    """Two lines for each of the five orders."""
    union = f" union all by name {more}" if more else ""
    return (
        "select (10 * o + i)::bigint as id, o::bigint as order_id, 1::bigint as quantity, 12.5::double as price, "
        f"{LOADED} from range(1, 6) t(o), range(2) s(i){union}"
    )


def good_shop(root: Path) -> Shop:
    """A Shopify shop with two customers, five orders and ten lines, and nothing wrong with it."""
    shop = Shop(root, root / "raw")
    shop.land(
        "shopify/customer",
        "select i::bigint as id, 'person' || i || '@example.com' as email, timestamp '2024-01-01' as created_at, "
        f"'subscribed' as consent, timestamp '2024-05-03' as consent_at, {LOADED} from range(1, 3) t(i)",
    )
    shop.land("shopify/order", orders())
    shop.land("shopify/order_line", lines())
    return shop
