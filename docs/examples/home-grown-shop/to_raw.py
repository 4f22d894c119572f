"""Write a home-grown shop's flat invoice lines as raw tables that `make build RAW=...` reads.

python docs/examples/home-grown-shop/to_raw.py raw_lines.parquet <raw folder>
"""

import sys
from pathlib import Path

import duckdb

TABLES = (
    "customer",
    "order",
    "order_line",
    "order_shipping_line",
    "product",
    "refund",
    "order_line_refund",
    "shop",
)

# Both spreadsheets of the data set contain 1-9 December 2010; an invoice counts once.
LINES = """
create view lines as
select
    Invoice as invoice, StockCode as stock_code, Description as description, Quantity as quantity,
    InvoiceDate as invoiced_at, cast(Price as decimal(18, 4)) as price, customer_id, Country as country
from read_parquet($path)
where sheet = 'Year 2010-2011'
    or Invoice not in (select Invoice from read_parquet($path) where sheet = 'Year 2010-2011')
"""


def to_raw(lines: Path, raw: Path) -> int:
    """Write the tables below `raw`/shopify and return the number of credit lines that could not be placed."""
    target = raw / "shopify"
    target.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(LINES.replace("$path", f"'{lines}'"))
        connection.execute(Path(__file__).with_name("to_raw.sql").read_text())
        for table in TABLES:
            connection.execute(f"copy \"{table}\" to '{target / table}.parquet' (format parquet)")
        unmatched = connection.sql("select count(*) from unmatched_credits").fetchall()
    return int(unmatched[0][0])


if __name__ == "__main__":
    placed = to_raw(Path(sys.argv[1]), Path(sys.argv[2]))
    print(
        f"Raw tables written; {placed} credit lines undo purchases that are not in the data and were left out."
    )
