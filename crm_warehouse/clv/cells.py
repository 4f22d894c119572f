"""What the fits see: customers counted into cells.

Belongs here: the two cell types and how they are read from the warehouse. Does not: likelihoods.
No customer row ever reaches Python: ten million customers are about two million purchase cells.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DAYS_PER_WEEK = 7.0
# From here on, merging days into weeks costs 0.2 % of a parameter and saves half a minute.
MAX_CELLS = 1_000_000
# Wider periods than this would no longer tell recent customers from lost ones.
MAX_PERIOD_WEEKS = 64.0


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

    @cached_property
    def by_frequency(self) -> tuple[FloatArray, NDArray[np.intp]]:
        """Distinct frequencies and each cell's place among them."""
        frequencies, place = np.unique(self.frequency, return_inverse=True)
        return frequencies, place

    def coarsened(self, max_cells: int) -> "PurchaseCells":
        """Merge cells into ever wider periods until at most `max_cells` are left, keeping the means exact."""
        cells, weeks = self, 1.0
        while len(cells.weight) > max_cells and weeks < MAX_PERIOD_WEEKS:
            cells, weeks = self._merged(weeks), weeks * 2
        return cells

    def _merged(self, weeks: float) -> "PurchaseCells":
        # Rounded up, so that only one-time buyers are in period 0 of recency.
        recency, age = np.ceil(self.recency / weeks), np.ceil(self.age / weeks)
        periods = age.max() + 1
        _, place = np.unique((self.frequency * periods + recency) * periods + age, return_inverse=True)
        weight: FloatArray = np.bincount(place, weights=self.weight).astype(np.float64)

        def mean(values: FloatArray) -> FloatArray:
            sums: FloatArray = np.bincount(place, weights=self.weight * values).astype(np.float64)
            return sums / weight

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
    """Read `int_clv_cells`, in a fixed order so that the same data gives the same sums.

    Where there are more than `MAX_CELLS`, days are merged into weeks, then months, around their exact means.
    """
    for days in (1, 7, 28):
        columns = _read_merged(con, origin_date, days)
        if len(columns["weight"]) <= MAX_CELLS:
            break
    return PurchaseCells(
        frequency=_floats(columns["frequency"]),
        recency=_floats(columns["recency"]) / DAYS_PER_WEEK,
        age=_floats(columns["age"]) / DAYS_PER_WEEK,
        weight=_floats(columns["weight"]),
    )


def _read_merged(con: duckdb.DuckDBPyConnection, origin_date: date, days: int) -> dict[str, Any]:
    columns: dict[str, Any] = con.execute(
        """
        select
            repeat_purchase_count as frequency,
            cast(sum(recency_days * customer_count) as double) / cast(sum(customer_count) as double) as recency,
            cast(sum(age_days * customer_count) as double) / cast(sum(customer_count) as double) as age,
            cast(sum(customer_count) as double) as weight
        from intermediate.int_clv_cells
        where origin_date = $origin_date
        group by frequency, ceil(recency_days / $days), ceil(age_days / $days)
        order by frequency, recency, age
        """,
        {"origin_date": origin_date, "days": days},
    ).fetchnumpy()
    return columns


def read_spend_cells(con: duckdb.DuckDBPyConnection, origin_date: date) -> SpendCells:
    """Read `int_clv_spend_cells`, in a fixed order so that the same data gives the same sums."""
    columns: dict[str, Any] = con.execute(
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


def _floats(values: Any) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
