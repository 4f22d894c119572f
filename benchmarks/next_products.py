"""`python -m benchmarks.next_products`: do customers buy what an earlier build told to show them next?

Two published files of one shop: one as of an earlier day, one of today. Of the customers who ordered again after that
day, how many bought one of their five products in the very next order? Beside it the same question for the five
products most ordered in the 90 days before, shown to everybody.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

NEXT_ORDERS = """
create temp table next_orders as
with known as (
    select customer_key, max(order_date) as last_date from early.orders where is_counted and customer_key is not null
    group by customer_key
),
later as (
    select
        orders.customer_key, orders.order_key,
        row_number() over (partition by orders.customer_key order by orders.ordered_at, orders.order_key) as n
    from late.orders as orders
    inner join known using (customer_key)
    where orders.is_counted and orders.order_date > (select max(as_of) from early.customer_next_products)
)
select later.customer_key, lines.product_key
from later inner join late.order_lines as lines using (order_key)
where later.n = 1 and lines.is_counted and lines.product_key is not null
group by all
"""
BESTSELLERS = """
create temp table bestsellers as
select product_key from early.order_lines
where is_counted and product_key is not null
and order_date > (select max(as_of) - 90 from early.customer_next_products)
group by product_key order by count(distinct order_key) desc, product_key limit 5
"""
RATES = """
select
    count(*) as customers,
    avg(shown::int) as hit_rate,
    avg(popular::int) as bestseller_hit_rate,
    avg(again::int) as bought_before_rate
from (
    select
        next_orders.customer_key,
        bool_or(shown.product_key is not null) as shown,
        bool_or(bestsellers.product_key is not null) as popular,
        bool_or(before.product_key is not null) as again
    from next_orders
    left join early.customer_next_products as shown using (customer_key, product_key)
    left join bestsellers on next_orders.product_key = bestsellers.product_key
    left join (
        select distinct orders.customer_key, lines.product_key
        from early.orders as orders inner join early.order_lines as lines using (order_key)
    ) as before on next_orders.customer_key = before.customer_key and next_orders.product_key = before.product_key
    group by next_orders.customer_key
)
"""


def hit_rates(early: Path, late: Path) -> dict[str, Any]:
    """Share of customers whose next order has one of the five products, ours and bestsellers beside it."""
    with duckdb.connect() as con:
        con.execute(f"attach '{early}' as early (read_only); attach '{late}' as late (read_only)")
        con.execute(NEXT_ORDERS)
        con.execute(BESTSELLERS)
        cursor = con.execute(RATES)
        names = [column[0] for column in cursor.description]
        values = cursor.fetchall()[0]
        products = con.execute("select count(*) from early.products").fetchall()[0][0]
    rates = {
        name: value if name == "customers" else round(value, 4)
        for name, value in zip(names, values, strict=True)
    }
    return {**rates, "products": products}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.next_products", description=__doc__)
    parser.add_argument("--early", type=Path, required=True, help="published/marts.duckdb of an as-of build")
    parser.add_argument("--late", type=Path, required=True, help="published/marts.duckdb of a later build")
    arguments = parser.parse_args()
    print(json.dumps(hit_rates(arguments.early, arguments.late), indent=2))


if __name__ == "__main__":
    main()
