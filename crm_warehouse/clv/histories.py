"""What the backtest sees: sampled customers as they stood on an origin, and what they did after it.

Belongs here: the history type and how it is read. Does not: predictions or their scores.
The sample is bounded (`int_clv_purchase_days_sampled`) and carries no keys, so it fits in memory for any shop.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from crm_warehouse.clv.cells import DAYS_PER_WEEK, FloatArray, PurchaseCells, SpendCells

# Fits of the backtest see this many cells at most: over so few customers, days merged into weeks lose nothing.
MAX_BACKTEST_CELLS = 5_000
# The same bands of mean spend as int_clv_spend_cells.
SPEND_BANDS_PER_LOG = 50.0


@dataclass(frozen=True)
class Histories:
    """Customers on one origin, one element each.

    Attributes:
        origin_number: Horizons between the origin and the as-of date; 0 is the as-of date, without an outcome.
        years_back: 1 for the same day a year earlier, which shows the season of the origin's horizon; else 0.
        origin_date: Last day of the history.
        horizon_days: Days after the origin that the outcome covers.
        frequency: Purchase days after the first.
        recency_days: Days from the first to the last purchase day.
        age_days: Days from the first purchase day to the origin.
        sales: Sum of purchases before refunds, reporting currency.
        refunds: Sum of refunds, reporting currency.
        recent: Purchase days in the last `horizon_days` of the history.
        later: Purchase days within the horizon.
        later_revenue: Purchases less refunds within the horizon, reporting currency.
    """

    origin_number: int
    years_back: int
    origin_date: date
    horizon_days: int
    frequency: FloatArray
    recency_days: FloatArray
    age_days: FloatArray
    sales: FloatArray
    refunds: FloatArray
    recent: FloatArray
    later: FloatArray
    later_revenue: FloatArray

    @property
    def customer_count(self) -> int:
        """Customers with a purchase up to the origin."""
        return len(self.frequency)

    @property
    def silent_days(self) -> FloatArray:
        """Days from the last purchase day to the origin."""
        silent: FloatArray = self.age_days - self.recency_days
        return silent

    @property
    def stayed_away(self) -> FloatArray:
        """1 for who did not buy within the horizon, 0 for who did."""
        away: FloatArray = (self.later == 0).astype(np.float64)
        return away

    def purchase_cells(self) -> PurchaseCells:
        """The histories as few cells, for a quick fit."""
        cells = PurchaseCells(
            self.frequency,
            self.recency_days / DAYS_PER_WEEK,
            self.age_days / DAYS_PER_WEEK,
            np.ones_like(self.frequency),
        )
        return cells.coarsened(MAX_BACKTEST_CELLS)

    def spend_cells(self) -> SpendCells:
        """Mean spend in bands, for a quick fit."""
        bought = self.sales > 0
        purchases = self.frequency[bought] + 1
        spend = self.sales[bought] / purchases
        band = np.floor(np.log(spend) * SPEND_BANDS_PER_LOG)
        _, place = np.unique(np.column_stack([purchases, band]), axis=0, return_inverse=True)
        weight = np.bincount(place).astype(np.float64)
        return SpendCells(
            purchases=np.bincount(place, weights=purchases) / weight,
            mean_spend=np.bincount(place, weights=spend) / weight,
            weight=weight,
        )


def read_histories(con: duckdb.DuckDBPyConnection) -> list[Histories]:
    """Read `int_clv_backtest_histories`, the latest origin of each horizon first.

    Rows come in a fixed order, so that the same data gives the same sums.
    """
    origins = con.execute(
        """
        select distinct horizon_days, origin_number, years_back, origin_date
        from intermediate.int_clv_backtest_histories order by all
        """
    ).fetchall()
    return [_read(con, *origin) for origin in origins]


def _read(
    con: duckdb.DuckDBPyConnection, horizon_days: int, origin_number: int, years_back: int, origin_date: date
) -> Histories:
    columns = con.execute(
        """
        select
            repeat_purchase_count, recency_days, age_days, cast(sales_amount as double) as sales,
            cast(refund_amount as double) as refunds, recent_purchase_day_count,
            later_purchase_day_count, cast(later_net_amount as double) as later_revenue
        from intermediate.int_clv_backtest_histories
        where horizon_days = $horizon_days and origin_number = $origin_number and years_back = $years_back
        order by all
        """,
        {"horizon_days": horizon_days, "origin_number": origin_number, "years_back": years_back},
    ).fetchnumpy()
    figures = (_floats(values) for values in columns.values())
    return Histories(origin_number, years_back, origin_date, horizon_days, *figures)


def _floats(values: Any) -> FloatArray:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
