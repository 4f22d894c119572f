"""CLV and churn of ten million customers: the project's own compiled models on a roll-up of 100 M made-up orders.

    python -m benchmarks.clv_speed [--customers 11112000] [--home <folder>]

Nine in ten of the sample's people buy: 11.1 M of them are ten million customers. Their purchases are rolled up as
`int_customer_orders_summarized` has them; `orders` holds those of the customers whom the backtest samples. Then three
processes are measured: cells and fit (backtest included), `int_clv_expected_purchases` with `customer_clv`, and
`customer_churn`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml

from benchmarks.measure import as_row, keep, machine, measure
from crm_warehouse import clv
from crm_warehouse.clv.store import create_fits_table
from crm_warehouse.ingest.sql import literal
from crm_warehouse.sample.config import CHUNK_PEOPLE, DAY, SHOP_END, SHOP_START, SampleConfig
from crm_warehouse.sample.people import make_people
from crm_warehouse.sample.purchases import SPEND_P, Purchases, make_purchases
from crm_warehouse.settings import PROJECT_DIR, Settings, environment

# The backtest samples the customers with the smallest keys; in a large shop a hundredth of them holds its sample.
LARGE_SHOP = 4_200_000
BUILD_ID = "benchmark"
STAGES = {
    "aggregate_and_fit": [
        "int_clv_customers_measured",
        "int_clv_cells",
        "int_clv_spend_cells",
        "int_clv_shop_rates",
        "int_clv_origins",
        "int_clv_purchase_days_sampled",
        "int_clv_backtest_histories",
    ],
    "score_value": [
        "int_clv_current_fit",
        "int_clv_recent_purchases",
        "int_clv_expected_purchases",
        "int_clv_customers_scored",
        "customer_clv",
    ],
    "score_churn": ["customer_churn"],
}
# What the models read and this benchmark leaves empty: engagement, consent, support, refunds.
NOTHING = """
create table intermediate.int_customer_messages_summarized as
select null::varchar as customer_key, null::timestamp as last_email_engaged_at limit 0;
create table intermediate.int_customer_consents_resolved as
select null::varchar as customer_key, null::varchar as channel, null::varchar as consent_status limit 0;
create table intermediate.int_customer_support_summarized as
select null::varchar as customer_key, 0 as open_ticket_count, false as is_last_csat_bad limit 0;
create table marts.refunds as
select null::varchar as customer_key, null::date as refund_date, true as is_counted, 0::decimal(18, 4) as refund_amount
limit 0;
create table marts.orders (customer_key varchar, order_date date, is_purchase boolean, sales_amount decimal(18, 4));
create table intermediate.int_customer_orders_summarized (
    customer_key varchar, first_purchase_date date, last_purchase_date date, last_order_date date,
    purchase_day_count bigint, order_count bigint, sales_amount decimal(18, 4), refund_amount decimal(18, 4),
    net_amount decimal(18, 4), costed_net_amount decimal(18, 4), margin_amount decimal(18, 4)
);
create table published_state.clv_model_quality as
select 0 as horizon_days, '' as origin_role, '' as winner, '' as release_gate limit 0;
"""
ROLLED_UP = """
insert into intermediate.int_customer_orders_summarized
select
    md5(person::varchar),
    date '{start}' + first::integer, date '{start}' + last::integer, date '{start}' + last::integer,
    days, orders, (orders * spend)::decimal(18, 4), 0, (orders * spend)::decimal(18, 4),
    (orders * spend)::decimal(18, 4), (orders * spend * 0.4)::decimal(18, 4)
from customers;
insert into marts.orders
select md5(person::varchar), date '{start}' + day::integer, true, spend::decimal(18, 4)
from days where md5(person::varchar) < '{key_limit}';
"""


def main() -> None:
    """Make the shop, run each stage in a process of its own, and keep what they cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clv_speed", description=__doc__)
    parser.add_argument("--customers", type=int, default=11_112_000)
    parser.add_argument("--home", type=Path, help="keep the warehouse here; default: a temporary folder")
    parser.add_argument("--stage", choices=[*STAGES, "prepare"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stage:
        run(given.stage, given.home, given.customers)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(given.home or Path(folder), given.customers)
    keep(f"clv_speed_{given.customers}", figures)


def measured(home: Path, customers: int) -> dict[str, Any]:
    """What each stage cost, and what it left."""
    home.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "benchmarks.clv_speed",
        "--home",
        str(home),
        "--customers",
        str(customers),
    ]
    subprocess.run([*command, "--stage", "prepare"], check=True, cwd=PROJECT_DIR)  # noqa: S603 - our own module
    costs = {stage: as_row(measure([*command, "--stage", stage], stdout=sys.stderr)) for stage in STAGES}
    with duckdb.connect(str(settings_of(home).warehouse_path), read_only=True) as con:
        counts = con.execute(
            "select (select count(*) from marts.customer_clv), (select count(*) from intermediate.int_clv_cells), "
            "(select sum(order_count) from intermediate.int_customer_orders_summarized), "
            "(select any_value(clv_method) from marts.customer_clv)"
        ).fetchall()[0]
    names = ("customers", "purchase_cells", "orders", "clv_method")
    return {"machine": machine(), **dict(zip(names, map(_plain, counts), strict=True)), **costs}


def run(stage: str, home: Path, customers: int) -> None:
    """One stage; its process ends with it."""
    settings = settings_of(home)
    if stage == "prepare":
        prepare(settings, customers)
        return
    models = json.loads((home / "models.json").read_text())
    with duckdb.connect(str(settings.warehouse_path)) as con:
        set_as_in_builds(con, settings)
        for name in STAGES[stage]:
            kind, relation, sql = models[name]
            con.execute(f"create or replace {kind} {relation} as {sql}")
    if stage == "aggregate_and_fit":
        report = clv.fit(settings, BUILD_ID)
        print(report, *report.decisions, sep="\n")


def set_as_in_builds(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Give a connection the settings that dbt's has."""
    profiles = yaml.safe_load((PROJECT_DIR / "profiles.yml").read_text())
    wanted = profiles["crm_warehouse"]["outputs"]["duckdb"]["settings"]
    for name, value in (wanted | {"memory_limit": settings.memory_limit}).items():
        con.execute(f"set {name} = {literal(str(value))}")


def settings_of(home: Path) -> Settings:
    """The benchmark's warehouse."""
    return Settings(raw=home, out=home)


def prepare(settings: Settings, customers: int) -> None:
    """Compile the models and write what they read."""
    (settings.out / "models.json").write_text(json.dumps(compiled(settings)))
    settings.warehouse_path.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        for schema in ("pipeline", "published_state", "staging", "intermediate", "marts"):
            con.execute(f"create schema {schema}")
        con.execute(
            f"create table staging.stg_pipeline__run_context as select '{BUILD_ID}' as build_id, "
            f"date '{SHOP_END}' as as_of_date, 'EUR' as reporting_currency_code"
        )
        con.execute(NOTHING)
        create_fits_table(con)
        config = SampleConfig(customers=customers, orders_per_customer=10.0)
        for chunk in range(config.chunks):
            write_chunk(con, config, make_purchases(config, chunk, make_people(config, chunk)), chunk)


def write_chunk(con: duckdb.DuckDBPyConnection, config: SampleConfig, made: Purchases, chunk: int) -> None:
    """Roll one chunk's purchases up per customer."""
    day = (made.second - config.start_s) // DAY
    person, orders = made.buyer, np.bincount(made.buyer, minlength=len(made.rate))
    first, last = np.full(len(orders), 1 << 30), np.full(len(orders), -1)
    np.minimum.at(first, person, day)
    np.maximum.at(last, person, day)
    length = (SHOP_END - SHOP_START) // timedelta(days=1) + 1
    days = np.bincount(np.unique(person * length + day) // length, minlength=len(orders))
    buyers = np.flatnonzero(orders)
    shape = SPEND_P * np.maximum(1, orders)
    spend = np.maximum(0.01, made.spend * config.rng(chunk, "spend").gamma(shape) / shape).round(2)
    offset = chunk * CHUNK_PEOPLE
    columns = {"first": first, "last": last, "days": days, "orders": orders, "spend": spend}
    con.register(
        "customers",
        pd.DataFrame(
            {"person": buyers + offset, **{name: values[buyers] for name, values in columns.items()}}
        ),
    )
    con.register("days", pd.DataFrame({"person": person + offset, "day": day, "spend": spend[person]}))
    key_limit = "03" if config.customers > LARGE_SHOP else "g"
    con.execute(ROLLED_UP.format(start=SHOP_START, key_limit=key_limit))


def compiled(settings: Settings) -> dict[str, tuple[str, str, str]]:
    """Per model whether it is a table or a view, its relation and its SQL, as dbt compiles them."""
    from dbt.cli.main import dbtRunner

    # dbt keeps the database it looks at open: not the one that is measured, but one of the same name.
    home = settings.out / "compiled"
    home.mkdir(exist_ok=True)
    with environment({"CRM_WAREHOUSE_PATH": str(home / settings.warehouse_path.name)}):
        outcome = dbtRunner().invoke(
            ["compile", "--log-level", "none", "--log-level-file", "none"]
            + ["--select", *(name for names in STAGES.values() for name in names)]
            + ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
            + ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
        )
    if not outcome.success:
        raise RuntimeError(f"dbt could not compile the models: {outcome.exception}")
    return {
        result.node.name: (
            result.node.config.materialized,
            result.node.relation_name,
            result.node.compiled_code,
        )
        for result in outcome.result.results
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)


if __name__ == "__main__":
    main()
