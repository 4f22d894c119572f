"""The scoring SQL, compiled once by dbt and run on made-up shops without dbt."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from dbt.cli.main import dbtRunner

from crm_warehouse import clv
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.python.clv.shops import write_warehouse

BEFORE_FIT = [
    "int_clv_customers_measured",
    "int_clv_cells",
    "int_clv_spend_cells",
    "int_clv_shop_rates",
    "int_clv_origins",
    "int_clv_purchase_days_sampled",
    "int_clv_backtest_histories",
]
AFTER_FIT = [
    "int_clv_current_fit",
    "int_clv_recent_purchases",
    "int_clv_expected_purchases",
    "int_clv_customers_scored",
]
MARTS = ["customer_clv", "customer_churn", "clv_model_quality"]

CompiledModels = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Scores:
    """What came out for one shop."""

    report: clv.FitReport | None
    clv: pd.DataFrame
    churn: pd.DataFrame
    expected_purchases: pd.DataFrame
    quality: pd.DataFrame


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory, project: Any) -> Callable[[int, int], CompiledModels]:
    """Compile the CLV models for a pair of horizons: model -> (relation, SQL)."""

    @cache
    def compile_for(clv_horizon_days: int, churn_horizon_days: int) -> CompiledModels:
        folder = tmp_path_factory.mktemp("compiled")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CRM_WAREHOUSE_PATH", str(folder / "warehouse.duckdb"))
            outcome = dbtRunner(project).invoke(
                ["compile", "--quiet", "--select", *BEFORE_FIT, *AFTER_FIT, *MARTS]
                + ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
                + ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
                + [
                    "--vars",
                    f"{{clv_horizon_days: {clv_horizon_days}, churn_horizon_days: {churn_horizon_days}}}",
                ]
            )
        assert outcome.success, outcome.exception
        return {
            result.node.name: (result.node.relation_name, result.node.compiled_code)
            for result in outcome.result.results
        }

    return compile_for


@pytest.fixture
def score(compiled: Callable[[int, int], CompiledModels], tmp_path: Path) -> Callable[..., Scores]:
    """Build, fit and score a shop given as rows of int_customer_orders_summarized and, where needed, of orders.

    `choices` overrules what the backtest chose: assignments to columns of pipeline.clv_choices.
    """

    def run(
        customers: pd.DataFrame,
        orders: pd.DataFrame | None = None,
        *,
        horizons: tuple[int, int] = (365, 90),
        fit: bool = True,
        choices: str | None = None,
    ) -> Scores:
        models = compiled(*horizons)
        settings = Settings(raw=tmp_path, out=tmp_path)
        write_warehouse(settings.warehouse_path, customers, orders)
        _build(settings, models, BEFORE_FIT)
        report = clv.fit(settings, "b1") if fit else None
        if choices:
            with duckdb.connect(str(settings.warehouse_path)) as con:
                con.execute(f"update pipeline.clv_choices set {choices}")
        _build(settings, models, AFTER_FIT + MARTS)
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
            return Scores(
                report,
                con.table("marts.customer_clv").order("customer_key").df(),
                con.table("marts.customer_churn").order("customer_key").df(),
                con.table("intermediate.int_clv_expected_purchases").df(),
                con.table("marts.clv_model_quality").df(),
            )

    return run


def _build(settings: Settings, models: CompiledModels, names: list[str]) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        for name in names:
            relation, sql = models[name]
            con.execute(f"create table {relation} as {sql}")
