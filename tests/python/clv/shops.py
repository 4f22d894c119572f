"""Made-up shops with known truth, and the warehouse tables that scoring reads."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_warehouse.clv.cells import PurchaseCells, SpendCells
from crm_warehouse.clv.store import create_fits_table

FloatArray = NDArray[np.float64]
AS_OF = date(2024, 12, 31)


@dataclass(frozen=True)
class Process:
    """True parameters of a buy-till-you-die shop; rates per week, spend in currency units."""

    r: float = 0.6
    alpha: float = 8.0
    a: float = 0.8
    b: float = 2.5
    p: float = 6.0
    q: float = 4.0
    v: float = 15.0


@dataclass(frozen=True)
class Shop:
    """Customers by purchase history, in whole days.

    `later` is how often each bought after the as-of date, within the hold-out; `purchases` are customer and day of
    every purchase before it.
    """

    frequency: FloatArray
    recency_days: FloatArray
    age_days: FloatArray
    mean_spend: FloatArray
    later: FloatArray
    purchases: FloatArray

    def purchase_cells(self) -> PurchaseCells:
        return PurchaseCells(
            self.frequency, self.recency_days / 7, self.age_days / 7, np.ones_like(self.frequency)
        )

    def spend_cells(self) -> SpendCells:
        return SpendCells(self.frequency + 1, self.mean_spend, np.ones_like(self.frequency))

    def orders(self) -> pd.DataFrame:
        """Rows of orders: one per purchase day, at the customer's mean spend."""
        who = self.purchases[:, 0].astype(int)
        days = pd.Timestamp(AS_OF) - pd.to_timedelta(self.age_days[who] - self.purchases[:, 1], unit="D")
        return pd.DataFrame(
            {
                "customer_key": [f"c{number:06d}" for number in who],
                "order_date": days,
                "sales_amount": self.mean_spend[who].round(2),
            }
        )

    def customers(self, refunds: float = 0.0) -> pd.DataFrame:
        """Rows of int_customer_orders_summarized; `refunds` is the share of all sales given back."""
        first = [AS_OF - timedelta(days=int(days)) for days in self.age_days]
        sales = (self.mean_spend * (self.frequency + 1)).round(2)
        return pd.DataFrame(
            {
                "customer_key": [f"c{number:06d}" for number in range(len(first))],
                "first_purchase_date": first,
                "last_purchase_date": [
                    day + timedelta(days=int(days))
                    for day, days in zip(first, self.recency_days, strict=True)
                ],
                "purchase_day_count": (self.frequency + 1).astype(int),
                "order_count": (self.frequency + 1).astype(int),
                "sales_amount": sales,
                "refund_amount": (sales * refunds).round(2),
            }
        )


def simulate(
    customers: int,
    process: Process | None = None,
    *,
    weeks: float = 104,
    holdout_weeks: float = 52,
    seed: int = 1,
    one_time_share: float = 0.0,
) -> Shop:
    """Draw a shop from MBG/NBD and Gamma-Gamma; `one_time_share` of the customers never come back."""
    truth = process or Process()
    rng = np.random.default_rng(seed)
    start = np.floor(rng.uniform(0, weeks * 7, customers))
    rate = rng.gamma(truth.r, 1 / truth.alpha, customers) / 7
    dropout = np.where(rng.random(customers) < one_time_share, 1.0, rng.beta(truth.a, truth.b, customers))
    now, last = start.copy(), start.copy()
    frequency, later = np.zeros(customers), np.zeros(customers)
    alive = rng.random(customers) >= dropout
    everybody = np.arange(customers, dtype=float)
    purchases = [np.column_stack([everybody, np.zeros(customers)])]
    while alive.any():
        now = np.where(alive, now + rng.exponential(1, customers) / np.maximum(rate, 1e-12), now)
        alive &= now <= (weeks + holdout_weeks) * 7
        seen = alive & (now < weeks * 7)
        # Two purchases on one day are one.
        new_day = seen & (np.floor(now) > last)
        frequency[new_day] += 1
        last[new_day] = np.floor(now[new_day])
        purchases.append(np.column_stack([everybody, last - start])[new_day])
        later[alive & ~seen] += 1
        alive &= rng.random(customers) >= dropout
    level = rng.gamma(truth.q, 1 / truth.v, customers)
    spend = rng.gamma(truth.p * (frequency + 1), 1 / (level * (frequency + 1)))
    return Shop(frequency, last - start, weeks * 7 - start, spend, later, np.concatenate(purchases))


EVEN_ORDERS = """
    select customer_key, sales_amount / purchase_day_count as sales_amount, first_purchase_date + cast(round(
        (last_purchase_date - first_purchase_date) * number / greatest(1, purchase_day_count - 1)) as integer
    ) as order_date
    from intermediate.int_customer_orders_summarized, lateral unnest(range(purchase_day_count)) as numbers (number)
"""


def write_warehouse(
    path: Path, customers: pd.DataFrame, orders: pd.DataFrame | None = None, build_id: str = "b1"
) -> None:
    """Write what the CLV models read: the run context, the customer roll-up, orders and an empty table of fits.

    `orders` has customer_key, order_date and sales_amount. Without, each customer's purchases lie evenly between
    the first and the last, which is all that the roll-up knows.
    """
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        for schema in ("pipeline", "published_state", "staging", "intermediate", "marts"):
            con.execute(f"create schema {schema}")
        con.execute(
            "create view staging.stg_pipeline__run_context as "
            f"select '{build_id}' as build_id, date '{AS_OF}' as as_of_date, 'EUR' as reporting_currency_code"
        )
        con.register("given_customers", customers)
        con.execute(
            """
            create table intermediate.int_customer_orders_summarized as
            select
                * exclude (customer_key, sales_amount, refund_amount, first_purchase_date, last_purchase_date),
                cast(customer_key as varchar) as customer_key,
                cast(first_purchase_date as date) as first_purchase_date,
                cast(last_purchase_date as date) as last_purchase_date,
                cast(last_purchase_date as date) as last_order_date,
                cast(sales_amount as decimal(18, 4)) as sales_amount,
                cast(refund_amount as decimal(18, 4)) as refund_amount,
                cast(sales_amount as decimal(18, 4)) - cast(refund_amount as decimal(18, 4)) as net_amount,
                cast(0 as decimal(18, 4)) as costed_net_amount,
                cast(null as decimal(18, 4)) as margin_amount
            from given_customers
            """
        )
        if orders is not None:
            con.register("given_orders", orders)
        con.execute(
            f"""
            create table marts.orders as
            select customer_key, cast(order_date as date) as order_date, true as is_purchase,
                cast(sales_amount as decimal(18, 4)) as sales_amount
            from ({"from given_orders" if orders is not None else EVEN_ORDERS});
            create table marts.refunds as
            select customer_key, last_purchase_date as refund_date, true as is_counted, refund_amount
            from intermediate.int_customer_orders_summarized where refund_amount > 0;
            create table intermediate.int_customer_messages_summarized as
            select null::varchar as customer_key, null::timestamp as last_email_engaged_at limit 0;
            create table intermediate.int_customer_consents_resolved as
            select null::varchar as customer_key, null::varchar as channel, null::varchar as consent_status limit 0;
            create table intermediate.int_customer_support_summarized as
            select null::varchar as customer_key, 0 as open_ticket_count, false as is_last_csat_bad limit 0;
            create table published_state.clv_model_quality as
            select 0 as horizon_days, '' as origin_role, '' as winner, '' as release_gate limit 0;
            """
        )
        create_fits_table(con)
