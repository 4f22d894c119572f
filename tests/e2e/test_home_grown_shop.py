"""Real data: what is published of Online Retail II equals direct sums over its raw lines."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.settings import PROJECT_DIR
from tests.e2e.conftest import Build

EXAMPLE = PROJECT_DIR / "docs" / "examples" / "home-grown-shop"

# The rules of the example's README, written a second time and straight over the raw lines.
DIRECT = """
with lines as (
    select *, cast(Price as decimal(18, 4)) as unit_price
    from read_parquet($lines)
    where
        (sheet = 'Year 2010-2011'
            or Invoice not in (select Invoice from read_parquet($lines) where sheet = 'Year 2010-2011'))
        and Price > 0
        and StockCode not in ('POST', 'DOT', 'C2', 'AMAZONFEE', 'BANK CHARGES', 'B', 'CRUK', 'D', 'S')
        and StockCode not in ('TEST001', 'TEST002')
        and StockCode not like 'ADJUST%'
),
sales as (select * from lines where Quantity > 0 and Invoice not like 'C%'),
articles as (select * from lines where lower(StockCode) not like 'gift_0001%'),
-- A cancellation counts when the customer had bought that article at that price before.
cancelled as (
    select -sum(round(credit.Quantity * credit.unit_price, 2)) as amount
    from articles as credit
    where
        credit.Invoice like 'C%'
        and credit.Quantity < 0
        and exists (
            select 1 from sales
            where
                sales.customer_id = credit.customer_id and sales.StockCode = credit.StockCode
                and sales.unit_price = credit.unit_price and sales.InvoiceDate <= credit.InvoiceDate
        )
)
select
    (select count(distinct customer_id) from sales) as customers,
    (select count(distinct Invoice) from sales) as orders,
    (
        select sum(Quantity * unit_price) from sales where lower(StockCode) not like 'gift_0001%'
    ) as sales_amount,
    (select amount from cancelled) as refund_amount
"""


@pytest.fixture(scope="module")
def lines(shared_data: Path) -> Path:
    path = shared_data / "online_retail_ii" / "raw_lines.parquet"
    if not path.exists():
        pytest.skip("Online Retail II is not here (set CRM_SHARED_DATA); it is not shipped with the project")
    return path


@pytest.fixture(scope="module")
def published(
    lines: Path, tmp_path_factory: pytest.TempPathFactory, built_here: Callable[..., Build]
) -> Build:
    raw = tmp_path_factory.mktemp("raw")
    subprocess.run([sys.executable, EXAMPLE / "to_raw.py", lines, raw], check=True)
    return built_here(raw)


@pytest.fixture(scope="module")
def direct(lines: Path) -> dict[str, Any]:
    relation = duckdb.sql(DIRECT.replace("$lines", f"'{lines}'"))
    return dict(zip(relation.columns, relation.fetchall()[0], strict=True))


def test_orders_and_customers(published: Build, direct: dict[str, Any]) -> None:
    assert published.value("select count(*) from orders where is_counted") == direct["orders"]
    assert published.value("select count(*) from customer_360 where order_count > 0") == direct["customers"]


def test_revenue_to_the_cent(published: Build, direct: dict[str, Any]) -> None:
    sales, refunds, net = published.query(
        "select sum(sales_amount), sum(refund_amount), sum(net_amount) from orders where is_counted"
    )[0]
    assert sales == direct["sales_amount"]
    assert refunds == direct["refund_amount"]
    assert net == direct["sales_amount"] - direct["refund_amount"]


def test_customers_and_the_remainder_without_one_add_up(published: Build) -> None:
    in_history = published.value("select sum(net_amount) from customer_360")
    remainder = published.value(
        "select sum(net_amount) from orders where is_counted and customer_key is null"
    )
    assert in_history + remainder == published.value("select sum(net_amount) from orders where is_counted")
