"""Net revenue straight from a shop's raw Parquet files, by docs/rules-of-revenue.md and without any of our models."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb

# Where the REST and GraphQL connectors disagree: our word -> (REST, GraphQL).
WORDS = {
    "financial_status": ("financial_status", "display_financial_status"),
    "total_tax": ("total_tax", "total_tax_set_shop_amount"),
    "shipping": (
        "json_extract_string(total_shipping_price_set, '$.shop_money.amount')",
        "total_shipping_price_set_shop_amount",
    ),
    "line_total": ("price * quantity", "original_total_set_shop_amount"),
    "gift_card": ("gift_card", "is_gift_card"),
    "allocated": ("amount", "allocated_amount_set_shop_amount"),
    "line_tax": ("price", "price_set_shop_amount"),
    "refunded": ("subtotal", "subtotal_set_shop_amount"),
    "refunded_tax": ("total_tax", "total_tax_set_shop_amount"),
    "refund_dated": ("coalesce(processed_at, created_at)", "created_at"),
}
TABLES = {
    "orders": ("order",),
    "lines": ("order_line",),
    "allocations": ("discount_allocation",),
    "taxes": ("tax_line", "order_line_tax_line"),
    "refunds": ("refund",),
    "refund_lines": ("order_line_refund", "refund_line_item"),
    "transactions": ("transaction",),
}
# Columns that a query needs even where the shop has no such table.
EMPTY = {
    "allocations": "0 as order_line_id, 0 as amount, 0 as allocated_amount_set_shop_amount",
    "taxes": "0 as order_line_id, 0 as price, 0 as price_set_shop_amount",
    "refunds": "0 as id, 0 as order_id, timestamp '1990-01-01' as created_at, null::timestamp as processed_at",
    "refund_lines": (
        "0 as refund_id, 0 as order_line_id, 0 as subtotal, 0 as subtotal_set_shop_amount, "
        "0 as total_tax, 0 as total_tax_set_shop_amount"
    ),
    "transactions": (
        "0 as order_id, '' as kind, '' as status, null::timestamp as processed_at, "
        "timestamp '1990-01-01' as created_at"
    ),
}

QUERY = """
with voids as (
    select
        order_id,
        bool_or(lower(kind) = 'void' and lower(status) = 'success') as is_voided
    from transactions
    where coalesce(processed_at, created_at) <= $known_at
    group by order_id
),
counted as (
    select
        orders.id,
        coalesce(taxes_included, false) as taxes_included,
        coalesce({total_tax}, 0)::decimal(18, 4) as order_tax,
        coalesce({shipping}::decimal(18, 4), 0) as shipping
    from orders
    left join voids on orders.id = voids.order_id
    where
        coalesce(processed_at, created_at) <= $known_at
        and not coalesce(test, false)
        and (cancelled_at is null or cancelled_at > $known_at)
        and not (lower({financial_status}) = 'voided' and coalesce(is_voided, true))
),
discounts as (
    select order_line_id, sum({allocated}::decimal(18, 4)) as discount from allocations group by order_line_id
),
line_taxes as (
    select order_line_id, sum({line_tax}::decimal(18, 4)) as tax from taxes group by order_line_id
),
goods as (
    select
        lines.id as line_id,
        counted.id as order_id,
        taxes_included,
        order_tax,
        shipping,
        ({line_total})::decimal(18, 4) - coalesce(discount, 0) as paid,
        tax
    from lines
    inner join counted on lines.order_id = counted.id
    left join discounts on lines.id = discounts.order_line_id
    left join line_taxes on lines.id = line_taxes.order_line_id
    where not coalesce({gift_card}, false)
),
sold as (
    select
        order_id,
        sum(paid) as paid,
        case
            when not taxes_included then 0
            when count(tax) > 0 then sum(tax)
            when sum(paid) = 0 then 0
            when shipping = 0 then order_tax
            else round(order_tax * sum(paid) / (sum(paid) + shipping), 2)::decimal(18, 4)
        end as tax
    from goods
    group by order_id, taxes_included, order_tax, shipping
),
given_back as (
    select
        {refunded}::decimal(18, 4)
        - case when taxes_included then coalesce({refunded_tax}, 0)::decimal(18, 4) else 0 end as amount
    from refund_lines
    inner join refunds on refund_lines.refund_id = refunds.id
    inner join goods on refund_lines.order_line_id = goods.line_id
    where {refund_dated} <= $known_at
)
select
    (select count(*) from counted),
    (select coalesce(sum(paid - tax), 0)::decimal(18, 4) from sold),
    (select coalesce(sum(amount), 0)::decimal(18, 4) from given_back)
"""


@dataclass(frozen=True)
class RawRevenue:
    """What a shop sold, in its own currency."""

    counted_orders: int
    sales_amount: Decimal
    refund_amount: Decimal

    @property
    def net_amount(self) -> Decimal:
        """Net revenue."""
        return self.sales_amount - self.refund_amount


def raw_revenue(shop: Path, known_at: datetime | None = None) -> RawRevenue:
    """Revenue of the shop in this folder, known at a UTC moment (by default, everything)."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for name, tables in TABLES.items():
            con.execute(f"create view {name} as {_table(shop, name, tables)}")
        columns = {row[0] for row in con.execute("describe orders").fetchall()}
        is_graphql = "display_financial_status" in columns
        query = QUERY.format(**{word: names[is_graphql] for word, names in WORDS.items()})
        row = con.execute(query, {"known_at": known_at or datetime.max}).fetchone()
    assert row is not None
    return RawRevenue(*row)


def _table(shop: Path, name: str, tables: tuple[str, ...]) -> str:
    """The first of the tables that exists, without soft-deleted rows; an empty one where none does."""
    for table in tables:
        files = (
            [shop / f"{table}.parquet"]
            if (shop / f"{table}.parquet").exists()
            else sorted((shop / table).glob("*.parquet"))
        )
        if files:
            listed = ", ".join(f"'{file}'" for file in files)
            read = f"select * from read_parquet([{listed}])"
            deleted = "_fivetran_deleted" in {row[0] for row in duckdb.sql(f"describe {read}").fetchall()}
            return f"{read} where not coalesce(_fivetran_deleted, false)" if deleted else read
    return f"select {EMPTY[name]} where false"
