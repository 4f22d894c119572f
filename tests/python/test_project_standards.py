"""What every model of the project owes its readers, checked on the parsed manifest."""

from collections import Counter
from typing import Any

import pytest
from dagster_dbt.asset_utils import get_asset_check_key_for_test
from dbt.cli.main import dbtRunner

from crm_warehouse.settings import PROJECT_DIR
from crm_warehouse.transform import build_arguments, read_manifest
from orchestration.manifest import TRANSLATOR

Node = dict[str, Any]
PROJECT_ARGUMENTS = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return read_manifest()


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def marts(models: list[Node]) -> list[Node]:
    return [node for node in models if node["fqn"][1] == "marts"]


@pytest.fixture(scope="module")
def data_tests(manifest: dict[str, Any]) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]


def test_every_mart_has_description_owner_and_enforced_contract(marts: list[Node]) -> None:
    lacking = {
        node["name"]: missing
        for node in marts
        if (
            missing := [
                what
                for what, present in {
                    "description": bool(node["description"].strip()),
                    "owner": bool(node["config"]["meta"].get("owner")),
                    "contract": node["contract"]["enforced"],
                }.items()
                if not present
            ]
        )
    }
    assert lacking == {}


def test_every_mart_column_is_described(marts: list[Node]) -> None:
    bare = [
        f"{node['name']}.{column['name']}"
        for node in marts
        for column in node["columns"].values()
        if not column["description"].strip()
    ]
    assert bare == []


def test_mart_columns_that_raw_data_overwrites_are_published(marts: list[Node]) -> None:
    declared = {
        node["name"]: columns
        for node in marts
        if (
            columns := {c["name"] for c in node["columns"].values() if c["config"]["meta"].get("overwritten")}
        )
    }
    page = (
        (PROJECT_DIR / "docs" / "raw-input.md").read_text().split("columns that cannot be turned back |")[1]
    )
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    documented = {mart.strip(" `"): {c.strip(" `") for c in columns.split(",")} for mart, columns in rows}
    assert documented == declared


def test_every_mart_has_a_tested_primary_key(marts: list[Node], data_tests: list[Node]) -> None:
    unique = {test["attached_node"] for test in data_tests if _kind(test) == "unique"}
    not_null = {test["attached_node"] for test in data_tests if _kind(test) == "not_null"}
    assert [node["name"] for node in marts if node["unique_id"] not in unique & not_null] == []


def test_every_model_is_described(models: list[Node]) -> None:
    assert [node["name"] for node in models if not node["description"].strip()] == []


def test_staging_reads_only_its_own_sources(models: list[Node]) -> None:
    strays = [
        f"{node['name']} reads {parent}"
        for node in models
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("source.") and node["fqn"][1:3] != ["staging", parent.split(".")[2]]
        if parent.split(".")[2] not in {"pipeline", "published_state"}
    ]
    assert strays == []


def test_every_test_is_an_asset_check(manifest: dict[str, Any], data_tests: list[Node]) -> None:
    invisible = [
        test["name"]
        for test in data_tests
        if get_asset_check_key_for_test(manifest, TRANSLATOR, test["unique_id"], project=None) is None
    ]
    assert invisible == [], "a singular test over several models needs meta.dagster.ref"


def test_every_test_runs_in_exactly_one_of_the_two_selections(data_tests: list[Node], project: Any) -> None:
    runs = Counter(
        name for after_fit in (False, True) for name in _listed_tests(project, after_fit=after_fit)
    )
    assert {test["name"]: runs[test["name"]] for test in data_tests if runs[test["name"]] != 1} == {}


def _listed_tests(project: Any, *, after_fit: bool) -> list[str]:
    selection = build_arguments(after_fit=after_fit)[1:]
    outcome = dbtRunner(project).invoke(
        ["list", *selection, "--resource-type", "test", "--output", "name", "--quiet", *PROJECT_ARGUMENTS]
    )
    assert outcome.success, outcome.exception
    names: list[str] = outcome.result
    return names


def _kind(test: Node) -> str | None:
    name: str | None = (test.get("test_metadata") or {}).get("name")
    return name
