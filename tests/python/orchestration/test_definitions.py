"""The code location: what is in it, how it hangs together, and that one asset cannot publish on its own."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.settings import Settings
from orchestration.definitions import defs
from orchestration.manifest import manifest


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


def test_lineage_runs_from_raw_files_to_published_marts(repository: dg.RepositoryDefinition) -> None:
    expected = {
        dg.AssetKey(["raw", "shopify", "order"]),
        dg.AssetKey(["raw", "klaviyo", "event"]),
        dg.AssetKey(["conformed", "zendesk", "ticket"]),
        dg.AssetKey(["staging", "stg_shopify__orders"]),
        dg.AssetKey(["pipeline", "clv_fits"]),
        dg.AssetKey(["marts", "customer_360"]),
        dg.AssetKey(["published", "candidate"]),
    }
    assert expected - _ancestors(repository, dg.AssetKey(["published", "customer_360"])) == set()


def _ancestors(repository: dg.RepositoryDefinition, key: dg.AssetKey) -> set[dg.AssetKey]:
    seen: set[dg.AssetKey] = set()
    frontier = {key}
    while frontier:
        frontier = {parent for k in frontier for parent in repository.asset_graph.get(k).parent_keys} - seen
        seen |= frontier
    return seen


def test_every_mart_has_its_published_asset(repository: dg.RepositoryDefinition) -> None:
    models = [node for node in manifest()["nodes"].values() if node["resource_type"] == "model"]
    marts = {node["name"] for node in models if node["fqn"][1] == "marts"}
    keys = repository.asset_graph.get_all_asset_keys()
    published = {key.path[-1] for key in keys if key.path[0] == "published"}
    assert published - {"candidate", "report"} == marts


def test_every_asset_has_a_group_and_a_description(repository: dg.RepositoryDefinition) -> None:
    nodes = [repository.asset_graph.get(key) for key in repository.asset_graph.get_all_asset_keys()]
    assert [node.key.to_user_string() for node in nodes if node.group_name == "default"] == []
    assert [node.key.to_user_string() for node in nodes if not node.description] == []


def test_tests_and_audit_are_blocking_checks(repository: dg.RepositoryDefinition) -> None:
    checks = {key.name: key for key in repository.asset_graph.asset_check_keys}
    assert "release_audit" in checks
    assert len(checks) > 100
    assert repository.asset_graph.get(checks["release_audit"]).blocking


def test_the_schedule_builds_the_day_that_has_ended(repository: dg.RepositoryDefinition) -> None:
    schedule = repository.get_schedule_def("daily_build")
    assert schedule.execution_timezone == "UTC"
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2025, 3, 1, 5, tzinfo=UTC))
    request = schedule.evaluate_tick(context).run_requests[0]
    assert request.run_config["resources"]["warehouse"]["config"]["as_of"] == "2025-02-28"


def test_the_publish_step_alone_publishes_nothing(
    repository: dg.RepositoryDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_OUT", str(tmp_path))
    job = repository.get_implicit_global_asset_job_def()
    published = [key for key in job.asset_layer.executable_asset_keys if key.path[0] == "published"]
    keys = [key for key in published if key.path[-1] not in {"candidate", "report"}]
    result = job.execute_in_process(asset_selection=keys, raise_on_error=False)
    assert not result.success
    assert not (tmp_path / "published" / "current").exists()


def test_a_run_waits_for_nobody_and_says_who_builds(
    repository: dg.RepositoryDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_OUT", str(tmp_path))
    with writer_lock(Settings.from_env(), "somebody-else"):
        result = repository.get_job("build").execute_in_process(raise_on_error=False)
    assert not result.success
    assert not (tmp_path / "warehouse.duckdb").exists()
