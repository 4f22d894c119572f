"""One definition per key figure: MetricFlow, the KPI marts and the docs all show exactly the figures of vars.kpi_*."""

from typing import Any

import pytest
import yaml

from crm_warehouse.settings import PROJECT_DIR
from crm_warehouse.transform import read_manifest
from tests.e2e.kpi_queries import OF_MONTHS

VARS = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())["vars"]
AGGREGATES = {"sums": "sum", "distinct_counts": "count_distinct"}
MEASURES = {
    name: (mart, AGGREGATES[kind], str(expression))
    for mart, measures in VARS["kpi_measures"].items()
    for kind in AGGREGATES
    for name, expression in measures.get(kind, {}).items()
}
FIGURES = {*MEASURES, *VARS["kpi_totals"], *VARS["kpi_ratios"]}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return read_manifest()


def test_a_figure_has_one_definition() -> None:
    assert len(FIGURES) == len(MEASURES) + len(VARS["kpi_totals"]) + len(VARS["kpi_ratios"])


def test_metricflow_measures_are_the_definitions(manifest: dict[str, Any]) -> None:
    semantic_models = manifest["semantic_models"].values()
    measures = {
        measure["name"]: (model["node_relation"]["alias"], measure["agg"], measure["expr"])
        for model in semantic_models
        for measure in model["measures"]
    }
    days = {model["name"]: model["defaults"]["agg_time_dimension"] for model in semantic_models}
    assert measures == MEASURES
    assert days == {mart: measures["date"] for mart, measures in VARS["kpi_measures"].items()}


def test_metricflow_metrics_are_the_definitions(manifest: dict[str, Any]) -> None:
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    assert set(metrics) == FIGURES
    assert {name: metrics[name]["type_params"]["measure"]["name"] for name in MEASURES} == {
        name: name for name in MEASURES
    }
    assert {name: metrics[name]["type_params"]["expr"] for name in VARS["kpi_totals"]} == VARS["kpi_totals"]
    ratios = {name: metrics[name]["type_params"] for name in VARS["kpi_ratios"]}
    assert {
        name: [parts["numerator"]["name"], parts["denominator"]["name"]] for name, parts in ratios.items()
    } == VARS["kpi_ratios"]


def test_a_total_reads_exactly_the_metrics_it_names(manifest: dict[str, Any]) -> None:
    for name, expression in VARS["kpi_totals"].items():
        inputs = manifest["metrics"][f"metric.crm_warehouse.{name}"]["type_params"]["metrics"]
        words = expression.replace("+", " ").replace("-", " ").split()
        assert [metric["name"] for metric in inputs] == words


def test_the_marts_have_every_figure_and_days_none_of_months(manifest: dict[str, Any]) -> None:
    days, months = (
        set(manifest["nodes"][f"model.crm_warehouse.{mart}"]["columns"])
        - {"period_start", "period_end", "as_of", "currency_code"}
        for mart in ("kpi_daily", "kpi_monthly")
    )
    assert months == FIGURES
    assert months - days == OF_MONTHS
    assert days < months


def test_every_figure_is_explained_in_the_docs() -> None:
    text = (PROJECT_DIR / "docs" / "kpis.md").read_text()
    assert sorted(figure for figure in FIGURES if f"| `{figure}` |" not in text) == []
