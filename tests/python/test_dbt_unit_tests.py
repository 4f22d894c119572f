"""Every dbt unit test, and every model and data test on a shop that has no rows yet."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crm_warehouse.ingest import ingest_empty
from crm_warehouse.settings import Settings
from crm_warehouse.transform import DbtRun, run_dbt


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory: pytest.TempPathFactory, project: Any) -> DbtRun:
    folder: Path = tmp_path_factory.mktemp("empty")
    settings = Settings(raw=folder / "raw", out=folder, as_of=date(2025, 6, 30))
    ingest_empty(settings)
    return run_dbt(["build"], settings=settings, build_id="empty", manifest=project)


def test_rules_hold_on_their_examples(empty_shop: DbtRun) -> None:
    unit_tests = [result for result in empty_shop.results if result.unique_id.startswith("unit_test.")]
    assert len(unit_tests) > 80
    assert [(result.unique_id, result.message) for result in unit_tests if not result.is_ok] == []


def test_a_shop_without_rows_builds_and_passes_its_tests(empty_shop: DbtRun) -> None:
    assert [(result.unique_id, result.message) for result in empty_shop.failed] == []
    assert not [result.unique_id for result in empty_shop.results if result.status == "skipped"]
