"""Two private warehouses of one shop, one as of then and one as of the horizon's end, compared per customer.

Belongs here: who is who between the two, and the figures. Does not: building them (`__main__.py`) or charts
(`page.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from crm_warehouse.clv import metrics
from crm_warehouse.clv.cells import FloatArray
from crm_warehouse.clv.purchases import expected_repeats
from crm_warehouse.settings import Settings

# The interval of who is expected to buy less often is mostly "nothing", and holds for more than four in five.
LIKELY_ORDERS = 0.5

# A customer of the later build is the one of the earlier build whose records they hold. Where several have since
# been found to be one person, what came is counted for the one whose key lived on, else for the first.
_OUTCOMES = """
create table same_customer as
select
    later.customer_key as later_key,
    coalesce(
        max(earlier.customer_key) filter (where earlier.customer_key = later.customer_key),
        min(earlier.customer_key)
    ) as customer_key
from later.marts.customer_identifiers as later
inner join earlier.marts.customer_identifiers as earlier using (record_key)
group by later.customer_key;
create table moves as
select customer_key, order_date as day, sales_amount as sales, sales_amount as net
from later.marts.orders where is_purchase
union all
select customer_key, refund_date as day, 0 as sales, -refund_amount as net
from later.marts.refunds where is_counted;
create table outcomes as
select
    same_customer.customer_key,
    count(distinct day) filter (where sales > 0) as orders,
    sum(net) as revenue
from moves inner join same_customer on moves.customer_key = same_customer.later_key
where day > $as_of and day <= $until
group by same_customer.customer_key
"""

_PREDICTED = """
select
    clv.predicted_orders, cast(clv.predicted_revenue as double) as predicted_revenue, churn.churn_probability,
    cast(coalesce(outcomes.orders, 0) as double) as orders,
    cast(coalesce(outcomes.revenue, 0) as double) as revenue,
    clv.predicted_orders_lower as orders_lower, clv.predicted_orders_upper as orders_upper,
    cast(clv.predicted_revenue_lower as double) as revenue_lower,
    cast(clv.predicted_revenue_upper as double) as revenue_upper
from earlier.marts.customer_clv as clv
inner join earlier.marts.customer_churn as churn using (customer_key)
left join outcomes using (customer_key)
order by clv.customer_key
"""

# Weeks since the shop opened: customers who came, and repeat purchase days of those who had come by the as-of date.
_REPEATS = """
with days as (
    select distinct moves.customer_key, day from moves where sales > 0 and day <= $until and customer_key is not null
),
firsts as (select customer_key, min(day) as first_day from days group by customer_key)
select
    cast((day - (select min(first_day) from firsts)) // 7 as bigint) as week,
    count(*) filter (where day > first_day) as repeats,
    count(*) filter (where day = first_day) as customers
from days inner join firsts using (customer_key)
where first_day <= $as_of
group by week order by week
"""


@dataclass(frozen=True)
class Comparison:
    """What was said and what came.

    Attributes:
        as_of: The day of the prediction.
        horizon_days: Days after it.
        figures: Measures by name, for JSON and the head of the page.
        calibration: Churn by tenths of the customers.
        gains: Share of customers, best predicted first, against their share of the revenue that came.
        tracking: Week, cumulative repeat purchases that came, and the same as expected; None without a model.
    """

    as_of: date
    horizon_days: int
    figures: dict[str, Any]
    calibration: list[metrics.Decile]
    gains: list[tuple[float, float]]
    tracking: list[tuple[int, float, float | None]]


def compare(earlier: Settings, later: Settings, as_of: date, horizon_days: int) -> Comparison:
    """Compare the scores in `earlier` with the orders in `later`; only aggregates and scores leave the database."""
    days = {"as_of": as_of, "until": as_of + timedelta(days=horizon_days)}
    with duckdb.connect() as con:
        con.execute(f"attach '{earlier.warehouse_path}' as earlier (read_only)")
        con.execute(f"attach '{later.warehouse_path}' as later (read_only)")
        for statement in _OUTCOMES.split(";"):
            con.execute(statement, days if "$until" in statement else None)
        rows = con.execute(_PREDICTED).fetchnumpy()
        predicted = {name: np.asarray(values, dtype=np.float64) for name, values in rows.items()}
        quality = con.execute(
            "select horizon_days, candidate, winner, choice_reason, release_gate, gate_reason "
            "from earlier.marts.clv_model_quality where origin_role = 'in_force' order by all"
        ).fetchall()
        tracking = _tracking(con, days, predicted)
    stayed_away = (predicted["orders"] == 0).astype(np.float64)
    return Comparison(
        as_of,
        horizon_days,
        {**_figures(predicted, stayed_away), "choice": [list(row) for row in quality]},
        metrics.calibration_by_decile(predicted["churn_probability"], stayed_away),
        metrics.gains(predicted["predicted_revenue"], predicted["revenue"]),
        tracking,
    )


def _figures(rows: dict[str, FloatArray], stayed_away: FloatArray) -> dict[str, Any]:
    likely = rows["predicted_orders"] >= LIKELY_ORDERS
    return {
        "customers": len(stayed_away),
        "actual_orders": float(rows["orders"].sum()),
        "predicted_orders": float(rows["predicted_orders"].sum()),
        "orders_mae": metrics.mean_absolute_error(rows["predicted_orders"], rows["orders"]),
        "orders_spearman": metrics.spearman(rows["predicted_orders"], rows["orders"]),
        "actual_revenue": float(rows["revenue"].sum()),
        "predicted_revenue": float(rows["predicted_revenue"].sum()),
        "revenue_mae": metrics.mean_absolute_error(rows["predicted_revenue"], rows["revenue"]),
        "top_decile_capture": metrics.top_capture(rows["predicted_revenue"], rows["revenue"]),
        "actual_churn_rate": float(stayed_away.mean()),
        "predicted_churn_rate": float(rows["churn_probability"].mean()),
        "auc": metrics.area_under_curve(rows["churn_probability"], stayed_away),
        "brier": metrics.brier_score(rows["churn_probability"], stayed_away),
        "calibration_error": metrics.calibration_error(rows["churn_probability"], stayed_away),
        **{
            f"{what}_coverage{of}": float(_within(rows, what)[who].mean())
            for of, who in (("", slice(None)), ("_of_likely_buyers", likely))
            for what in ("orders", "revenue")
            if len(stayed_away[who])
        },
    }


def _within(rows: dict[str, FloatArray], what: str) -> NDArray[np.bool_]:
    """Whether what came lies within the 80 % interval, its ends included."""
    inside: NDArray[np.bool_] = (rows[f"{what}_lower"] <= rows[what]) & (rows[what] <= rows[f"{what}_upper"])
    return inside


def _tracking(
    con: duckdb.DuckDBPyConnection, days: dict[str, date], predicted: dict[str, FloatArray]
) -> list[tuple[int, float, float | None]]:
    """Cumulative repeat purchases by week, as they came and as the fitted model expects of such customers."""
    rows = con.execute(_REPEATS, days).fetchall()
    fit = con.execute(
        "select r, alpha, a, b from earlier.marts.clv_model_quality where origin_role = 'in_force' limit 1"
    ).fetchall()
    last = max((row[0] for row in rows), default=-1)
    repeats, customers = np.zeros(last + 1), np.zeros(last + 1)
    for week, repeat_count, customer_count in rows:
        repeats[week], customers[week] = repeat_count, customer_count
    expected: list[float | None] = [None] * (last + 1)
    if fit and fit[0][0] is not None:
        # Who came in week w has been a customer for half a week at its end.
        per_customer = expected_repeats(np.arange(last + 1) + 0.5, *fit[0])
        expected = list(np.convolve(customers, per_customer)[: last + 1])
    return [
        (week + 1, float(came), said)
        for week, (came, said) in enumerate(zip(repeats.cumsum(), expected, strict=True))
    ]
