"""Shops unlike the sample: two of them in one DuckDB file with equal ids, and one that lands two CSV tables."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb

from tests.e2e.conftest import Build

ORDERS = """
create schema {shop};
create table {shop}.customer as
select * from (values
    (1, 'ada@example.com', 'Ada', 'Byron', timestamp '2024-01-01', timestamp '2024-01-01'),
    (2, 'only@{shop}.example.com', 'Bo', '{shop}', timestamp '2024-01-02', timestamp '2024-01-02')
) as t (id, email, first_name, last_name, created_at, _fivetran_synced);
create table {shop}."order" as
select * from (values
    (10, 1, '{currency}', timestamp '2024-02-01', 'paid', false),
    (11, 2, '{currency}', timestamp '2024-02-02', 'paid', false),
    (12, 1, '{currency}', timestamp '2024-03-01', 'paid', false)
) as t (id, customer_id, currency, created_at, financial_status, test);
create table {shop}.order_line as
select * from (values
    (100, 10, 2, 10.00), (101, 11, 1, 5.00), (102, 12, 1, 100.00)
) as t (id, order_id, quantity, price);
"""


def test_two_shops_with_equal_ids_and_two_currencies(
    tmp_path: Path, built_here: Callable[..., Build]
) -> None:
    raw = tmp_path / "shops.duckdb"
    with duckdb.connect(str(raw)) as connection:
        connection.execute(ORDERS.format(shop="shop_eu", currency="EUR"))
        connection.execute(ORDERS.format(shop="shop_bg", currency="BGN"))
    (tmp_path / "shops.sources.yml").write_text(
        "- {name: shop_eu, platform: shopify}\n- {name: shop_bg, platform: shopify}\n"
    )

    build = built_here(raw, reporting_currency="EUR")

    assert build.value("select count(*) from orders where is_counted") == 6
    assert build.value("select count(*) from customers") == 3  # Ada buys in both
    assert build.query(
        "select order_count, source_count from customer_360 where email = 'ada@example.com'"
    ) == [(4, 2)]
    rate = Decimal("0.51129188")
    expected = sum(amount + round(amount * rate, 4) for amount in map(Decimal, (20, 5, 100)))
    assert build.value("select sum(net_amount) from orders where is_counted") == expected


def test_two_csv_tables_are_a_shop(tmp_path: Path, built_here: Callable[..., Build]) -> None:
    shop = tmp_path / "shopify"
    shop.mkdir()
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 7) for day in (3, 17)]
    orders = [f"{n},{n % 5 + 1},{day} 10:00:00" for n, day in enumerate(days, start=1)]
    (shop / "order.csv").write_text("id,customer_id,created_at\n" + "\n".join(orders) + "\n")
    lines = [f"{n},{n},1,{10 + n}.50" for n in range(1, len(days) + 1)]
    (shop / "order_line.csv").write_text("id,order_id,quantity,price\n" + "\n".join(lines) + "\n")

    build = built_here(tmp_path)

    assert build.value("select count(*) from customer_360 where order_count > 0") == 5
    assert build.value("select sum(net_amount) from customer_360") == sum(
        Decimal(f"{10 + n}.5") for n in range(1, 13)
    )
    assert build.value("select count(*) from customer_clv where predicted_revenue >= 0") == 5
    assert build.value("select max(as_of) from customer_clv").isoformat() == "2024-06-17"
