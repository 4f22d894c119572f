"""Any transactions file through the whole pipeline, and its CLV and churn scored against what came.

python -m benchmarks.clv --orders orders.parquet --cutoff 2011-06-09 --horizon 183 [--peers <python>]

`orders` is Parquet or CSV with customer_id, ts and amount, one row per order; negative amounts are refunds. It is
written as raw shop tables (order and order_line, refund and order_line_refund), built as of the cutoff by
`python -m orchestration`, and `customer_clv` and `customer_churn` of the published file are compared with the orders
of the horizon. With `--peers`, other libraries see the same orders up to the cutoff (benchmarks/clv_peers.py).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.measure import as_row, keep, machine, measure
from crm_warehouse.clv import metrics
from crm_warehouse.clv.cells import read_purchase_cells, read_spend_cells
from crm_warehouse.clv.purchases import fit_purchases
from crm_warehouse.clv.spend import fit_spend
from crm_warehouse.settings import PROJECT_DIR

PEERS = Path(__file__).with_name("clv_peers.py")

# A refund undoes the customer's latest earlier order; one without such an order undoes what is not in the data.
RAW = """
create table moves as
select
    row_number() over (order by ts, customer_id, amount) as id,
    dense_rank() over (order by customer_id) as customer_number,
    cast(customer_id as varchar) as customer_id,
    cast(ts as timestamp) as ts,
    cast(amount as decimal(18, 2)) as amount
from '{orders}' where customer_id is not null;
create table paid as select * from moves where amount >= 0;
create table credits as
select moves.*, paid.id as order_id
from (from moves where amount < 0) as moves
asof join paid on moves.customer_number = paid.customer_number and moves.ts >= paid.ts;
create table customer as
select customer_number as id, min(ts) as created_at, min(ts) as _fivetran_synced from moves group by all;
create table "order" as
select
    id, cast(id as varchar) as name, customer_number as customer_id, ts as created_at, ts as processed_at,
    'XXX' as currency, 'paid' as financial_status, false as test, amount as total_price, ts as _fivetran_synced
from paid;
create table order_line as
select id, id as order_id, 1 as quantity, amount as price, 'goods' as title, ts as _fivetran_synced from paid;
create table refund as
select id, order_id, ts as created_at, ts as processed_at, ts as _fivetran_synced from credits;
create table order_line_refund as
select
    id, id as refund_id, order_id as order_line_id, 1 as quantity, -amount as subtotal, 0 as total_tax,
    ts as _fivetran_synced
from credits;
"""

# Customers seen by the cutoff, and what they did in the horizon: distinct purchase days and summed amounts.
ACTUAL = """
with days as (
    select
        dense_rank() over (order by customer_id) as customer_number,
        cast(ts as date) as day,
        cast(amount as double) as amount
    from '{orders}' where customer_id is not null
)
select
    customer_number,
    count(distinct day) filter (where day > $cutoff and day <= $until and amount > 0) as orders,
    coalesce(sum(amount) filter (where day > $cutoff and day <= $until), 0) as revenue
from days group by customer_number
having count(*) filter (where day <= $cutoff and amount > 0) > 0
"""

PREDICTED = """
select
    cast(split_part(identifiers.record_key, ':', 3) as bigint) as customer_number,
    clv.predicted_orders as orders,
    cast(clv.predicted_revenue as double) as revenue,
    churn.churn_probability as churn,
    clv.clv_method, churn.churn_method,
    clv.predicted_orders_lower as orders_lower, clv.predicted_orders_upper as orders_upper,
    cast(clv.predicted_revenue_lower as double) as revenue_lower,
    cast(clv.predicted_revenue_upper as double) as revenue_upper
from published.customer_identifiers as identifiers
inner join published.customer_clv as clv using (customer_key)
inner join published.customer_churn as churn using (customer_key)
where identifiers.record_type = 'customer'
"""


def main() -> None:
    """Write raw tables, build as of the cutoff, compare, print JSON and keep it on request."""
    arguments = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = arguments.home or Path(folder)
        figures = run(arguments.orders.resolve(), arguments.cutoff, arguments.horizon, home, arguments.peers)
    keep(arguments.result and f"clv_{arguments.result}", figures)


def run(orders: Path, cutoff: date, horizon: int, home: Path, peers: Path | None = None) -> dict[str, Any]:
    """All figures of one data set, cutoff and horizon."""
    write_raw(orders, home / "raw")
    horizons = {"clv_horizon_days": horizon, "churn_horizon_days": horizon}
    build = [sys.executable, "-m", "orchestration", "--raw", str(home / "raw"), "--out", str(home / "out")]
    cost = measure([*build, "--as-of", cutoff.isoformat(), "--vars", json.dumps(horizons)], stdout=sys.stderr)
    warehouse = home / "out" / "warehouse.duckdb"
    figures: dict[str, Any] = {
        "orders": orders.parent.name + "/" + orders.name,
        "cutoff": cutoff.isoformat(),
        "horizon_days": horizon,
        "machine": machine(),
        "build": as_row(cost),
        "crm_warehouse": {
            **cpu_seconds(warehouse, cutoff),
            **score_published(orders, cutoff, horizon, home / "out" / "published" / "marts.duckdb"),
        },
    }
    if peers:
        command = [str(peers), str(PEERS), str(orders), cutoff.isoformat(), str(horizon)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd=home)  # noqa: S603 - our own module
        figures["peers"] = {
            name: _peer_figures(home / peer.pop("predictions"), peer, orders, cutoff, horizon)
            for name, peer in json.loads(answer.stdout.splitlines()[-1]).items()
        }
    return figures


def cpu_seconds(warehouse: Path, cutoff: date) -> dict[str, float]:
    """What fitting both models and scoring everybody took, done once more in this process."""
    compiled = next((warehouse.parent / "target" / "compiled").rglob("int_clv_expected_purchases.sql"))
    with duckdb.connect(str(warehouse), read_only=True) as con:
        start = time.process_time()
        fit_purchases(read_purchase_cells(con, cutoff))
        fit_spend(read_spend_cells(con, cutoff))
        fitted = time.process_time()
        con.execute(f"create temp table expected_purchases as {compiled.read_text()}")
        con.execute("create temp table scores as from intermediate.int_clv_customers_scored")
        scored = time.process_time()
    return {
        "fit_cpu_seconds": round(fitted - start, 2),
        "score_cpu_seconds": round(scored - fitted, 2),
    }


def write_raw(orders: Path, raw: Path) -> None:
    """Write the shop's raw tables below `raw`/shopify."""
    target = raw / "shopify"
    target.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(RAW.format(orders=orders))
        for table in ("customer", "order", "order_line", "refund", "order_line_refund"):
            con.execute(f"copy \"{table}\" to '{target / table}.parquet' (format parquet)")


def score_published(orders: Path, cutoff: date, horizon: int, published: Path) -> dict[str, Any]:
    """Compare the published marts with what came."""
    with duckdb.connect() as con:
        con.execute(f"attach '{published}' as published (read_only)")
        con.execute(f"create table predicted as {PREDICTED}")
        return {**_compare(con, orders, cutoff, horizon), **_interval(con), **_quality(con)}


def _compare(con: duckdb.DuckDBPyConnection, orders: Path, cutoff: date, horizon: int) -> dict[str, Any]:
    until = cutoff + timedelta(days=horizon)
    con.execute(f"create table actual as {ACTUAL.format(orders=orders)}", {"cutoff": cutoff, "until": until})
    # A customer without a prediction counts as one who is expected to do nothing.
    rows = con.execute(
        """
        select
            actual.orders, actual.revenue, coalesce(predicted.orders, 0) as predicted_orders,
            coalesce(predicted.revenue, 0) as predicted_revenue, coalesce(predicted.churn, 1) as churn,
            predicted.customer_number is null as is_missing
        from actual left join predicted using (customer_number) order by customer_number
        """
    ).fetchnumpy()
    figures = {
        name: np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan) for name, values in rows.items()
    }
    stayed_away = (figures["orders"] == 0).astype(np.float64)
    return {
        "customers": len(stayed_away),
        "without_prediction": int(figures["is_missing"].sum()),
        "orders_mae": metrics.mean_absolute_error(figures["predicted_orders"], figures["orders"]),
        "orders_bias": metrics.bias(figures["predicted_orders"], figures["orders"]),
        "orders_spearman": metrics.spearman(figures["predicted_orders"], figures["orders"]),
        "revenue_mae": metrics.mean_absolute_error(figures["predicted_revenue"], figures["revenue"]),
        "revenue_bias": metrics.bias(figures["predicted_revenue"], figures["revenue"]),
        "top_decile_capture": metrics.top_capture(figures["predicted_revenue"], figures["revenue"]),
        "auc": metrics.area_under_curve(figures["churn"], stayed_away),
        "brier": metrics.brier_score(figures["churn"], stayed_away),
        "ece": metrics.calibration_error(figures["churn"], stayed_away),
    }


def _interval(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Share of customers within their 80 % intervals: of all, and of those expected to buy half a time or more."""
    rows = con.execute(
        """
        with compared as (
            select
                actual.orders between orders_lower and orders_upper as orders_inside,
                actual.revenue between revenue_lower and revenue_upper as revenue_inside,
                predicted.orders >= 0.5 as is_likely
            from actual inner join predicted using (customer_number)
        )
        select
            avg(orders_inside::int) as orders_coverage,
            avg(revenue_inside::int) as revenue_coverage,
            count(*) filter (is_likely) as likely_buyers,
            avg(orders_inside::int) filter (is_likely) as orders_coverage_of_likely_buyers,
            avg(revenue_inside::int) filter (is_likely) as revenue_coverage_of_likely_buyers
        from compared
        """
    )
    names = [column[0] for column in rows.description or []]
    return dict(zip(names, rows.fetchall()[0], strict=True))


def _quality(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    methods = con.execute("select any_value(clv_method), any_value(churn_method) from predicted").fetchall()[
        0
    ]
    said = con.execute(
        "select distinct choice_reason, release_gate, gate_reason from published.clv_model_quality"
    ).fetchall()
    return {"clv_method": methods[0], "churn_method": methods[1], "choice": said}


def _peer_figures(
    predictions: Path, peer: dict[str, Any], orders: Path, cutoff: date, horizon: int
) -> dict[str, Any]:
    with duckdb.connect() as con:
        con.execute(f"create table predicted as from '{predictions}'")
        return {**peer, **_compare(con, orders, cutoff, horizon)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clv", description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=Path, required=True, help="Parquet or CSV: customer_id, ts, amount")
    parser.add_argument("--cutoff", type=date.fromisoformat, required=True, help="last day the build may see")
    parser.add_argument(
        "--horizon", type=int, required=True, help="days after it that are predicted and compared"
    )
    parser.add_argument("--peers", type=Path, help="python of an environment with the peer libraries")
    parser.add_argument(
        "--home", type=Path, help="keep raw tables and warehouse here; default: a temporary folder"
    )
    parser.add_argument("--result", help="keep the figures as benchmarks/results/clv_<result>.json")
    return parser


if __name__ == "__main__":
    sys.path.insert(0, str(PROJECT_DIR))
    main()
