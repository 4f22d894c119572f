"""What the fits see: customers counted into cells.

Belongs here: the two cell types and how they are read from the warehouse. Does not: likelihoods.
No customer row ever reaches Python: ten million customers are about two million purchase cells.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True)
class PurchaseCells:
    """Customers by purchase history. Times are whole days over seven: floored weeks bias the fit.

    Attributes:
        frequency: Repeat purchase days (purchase days after the first).
        recency: Weeks from the first to the last purchase day.
        age: Weeks from the first purchase day to the as-of date.
        weight: Customers in the cell.
    """

    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    weight: FloatArray

    @property
    def customer_count(self) -> int:
        """Customers with at least one purchase."""
        return int(self.weight.sum())

    @property
    def repeat_customer_count(self) -> int:
        """Customers with at least two purchase days."""
        return int(self.weight[self.frequency > 0].sum())

    @property
    def history_days(self) -> int:
        """Days from the shop's first purchase to the as-of date."""
        return round(float(self.age.max(initial=0.0)) * DAYS_PER_WEEK)

    def coarsened(self, max_cells: int) -> "PurchaseCells":
        """Merge cells into ever wider periods until at most `max_cells` are left, keeping the means exact."""
        cells, width = self, 1.0
        while len(cells.weight) > max_cells:
            cells, width = self._merged(width), width * 2
        return cells

    def _merged(self, width: float) -> "PurchaseCells":
        # One-time buyers keep recency 0; the bucket of a repeat buyer starts above it.
        keys = np.stack([self.frequency, np.ceil(self.recency / width), np.ceil(self.age / width)])
        _, index = np.unique(keys, axis=1, return_inverse=True)
        weight = np.bincount(index, weights=self.weight)

        def mean(values: FloatArray) -> FloatArray:
            return np.bincount(index, weights=self.weight * values) / weight

        return PurchaseCells(mean(self.frequency), mean(self.recency), mean(self.age), weight)


@dataclass(frozen=True)
class SpendCells:
    """Customers by number of purchase days and mean value of one.

    Attributes:
        purchases: Purchase days, the first included.
        mean_spend: Mean over the cell's customers of their mean value per purchase day.
        weight: Customers in the cell.
    """

    purchases: FloatArray
    mean_spend: FloatArray
    weight: FloatArray

    @property
    def customer_count(self) -> int:
        """Customers with at least one purchase."""
        return int(self.weight.sum())


def read_purchase_cells(con: duckdb.DuckDBPyConnection, origin_date: date) -> PurchaseCells:
    """Read `int_clv_cells`, in a fixed order so that the same data gives the same sums."""
    columns = con.execute(
        """
        select repeat_purchase_count, recency_days, age_days, customer_count
        from intermediate.int_clv_cells
        where origin_date = ?
        order by all
        """,
        [origin_date],
    ).fetchnumpy()
    return PurchaseCells(
        frequency=_floats(columns["repeat_purchase_count"]),
        recency=_floats(columns["recency_days"]) / DAYS_PER_WEEK,
        age=_floats(columns["age_days"]) / DAYS_PER_WEEK,
        weight=_floats(columns["customer_count"]),
    )


def read_spend_cells(con: duckdb.DuckDBPyConnection, origin_date: date) -> SpendCells:
    """Read `int_clv_spend_cells`, in a fixed order so that the same data gives the same sums."""
    columns = con.execute(
        """
        select
            purchase_day_count,
            cast(mean_spend_sum as double) / customer_count as mean_spend,
            customer_count
        from intermediate.int_clv_spend_cells
        where origin_date = ?
        order by all
        """,
        [origin_date],
    ).fetchnumpy()
    return SpendCells(
        purchases=_floats(columns["purchase_day_count"]),
        mean_spend=_floats(columns["mean_spend"]),
        weight=_floats(columns["customer_count"]),
    )


def _floats(values: NDArray[Any]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
