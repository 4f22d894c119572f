"""The one currency that customer-level amounts are in.

Belongs here: choosing it from configuration or data. Does not: rates; models convert and test those.
"""

import re
from collections import Counter
from collections.abc import Iterable

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.checked import Checked
from crm_warehouse.settings import Settings

# ISO 4217's code for "no currency": a warehouse without a single order.
NO_CURRENCY = "XXX"
_CODE = re.compile("[A-Z]{3}")
# Where commerce platforms keep the currency of an order.
_ORDER_TABLES = {"order", "orders"}
_CURRENCY_COLUMN = "currency_code"


def reporting_currency(con: duckdb.DuckDBPyConnection, settings: Settings, checked: Iterable[Checked]) -> str:
    """The configured currency, or the only one that orders are in.

    Raises:
        WarehouseError: Orders are in several currencies and none is configured, or the column holds something else.
    """
    if configured := settings.vars.get("reporting_currency"):
        return str(configured)
    commerce = settings.vars.get("platforms", {}).get("commerce", [])
    counts: Counter[str] = Counter()
    for entry in checked:
        if entry.table.name in _ORDER_TABLES and entry.source.platform in commerce:
            counts.update(_count(con, entry))
    unreadable = sum(count for code, count in counts.items() if not _CODE.fullmatch(code))
    if unreadable:
        raise WarehouseError(
            f"{unreadable:,} orders have a currency that is not a three-letter code (ISO 4217). "
            "Fix the currency column and run again."
        )
    if len(counts) > 1:
        listed = ", ".join(f"{code} ({count:,} orders)" for code, count in sorted(counts.items()))
        raise WarehouseError(
            f"Orders are in several currencies: {listed}. Set vars.reporting_currency to the one to report in and "
            "give the rates of the others in seeds/exchange_rates.csv."
        )
    return next(iter(counts), NO_CURRENCY)


def _count(con: duckdb.DuckDBPyConnection, entry: Checked) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in entry.parts:
        if part.casts.get(_CURRENCY_COLUMN):
            code = f"upper(trim({part.attempt(_CURRENCY_COLUMN)}))"
            rows = con.execute(
                f"select {code}, count(*) from {part.landed.relation} as p where {code} <> '' group by 1"
            ).fetchall()
            counts.update(dict(rows))
    return counts
