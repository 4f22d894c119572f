"""Who is who, on labelled records: what the rules must reach, so that a change that worsens them is noticed.

The real models run, through the benchmark's entry, over the data set in the shape of the record contract.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from benchmarks.identity import resolve, score
from crm_warehouse.settings import PROJECT_DIR, Settings

MAPPINGS = PROJECT_DIR / "benchmarks" / "mappings"
Figures = dict[str, Any]
Resolver = Callable[[str, str], Figures]


@pytest.fixture(scope="module")
def resolved(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, project: Any) -> Resolver:
    """Resolves a labelled set."""
    home = tmp_path_factory.mktemp("labelled")

    def figures(name: str, mapping: str) -> Figures:
        labelled = shared_data / "identity" / f"{name}.parquet"
        if not labelled.exists():
            pytest.skip(f"labelled records not found at {labelled} (CRM_SHARED_DATA)")
        settings = Settings(raw=home, out=home / name)
        resolve(settings, labelled, yaml.safe_load((MAPPINGS / f"{mapping}.yml").read_text()), project)
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
            largest = (
                "select count(*) as records from intermediate.int_customers_resolved "
                "group by customer_key order by records desc"
            )
            return score(con, labelled, "record_id", "entity_id") | {
                "largest": con.execute(largest).fetchall()[0][0]
            }

    return figures


def test_a_shop_with_households_gifts_and_front_desks(resolved: Resolver) -> None:
    figures = resolved("ecom_25k", "ecom")
    assert figures["precision"] >= 0.975
    assert figures["f1"] >= 0.94
    largest_true = 10
    assert figures["largest"] < 3 * largest_true


@pytest.mark.parametrize(
    ("name", "mapping", "f1"), [("febrl3", "febrl", 0.995), ("fake_1000", "fake_1000", 0.93)]
)
def test_standard_sets_of_misspelt_people(resolved: Resolver, name: str, mapping: str, f1: float) -> None:
    assert resolved(name, mapping)["f1"] >= f1
