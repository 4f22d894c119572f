"""What dbt really writes into the ledger, and that publishing accepts it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.ledger import manifest_fingerprint, prove_build
from crm_warehouse.publish.stage import published_marts
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.processes import clean_environment

RUN_COMMANDS = """
import json, os, sys
from dbt.cli.main import dbtRunner
for build_id, *arguments in json.loads(sys.argv[1]):
    os.environ["CRM_BUILD_ID"] = build_id
    dbtRunner().invoke([*arguments, "--quiet"])
"""
COMMANDS = {
    "build": ["good-build", "build", "--exclude", "broken", "--exclude-resource-type", "unit_test"],
    "failing": ["bad-build", "build", "--select", "broken", "orders"],
    "empty": ["", "run", "--select", "orders", "--empty"],
    "unit tests": ["", "test", "--select", "test_type:unit"],
    "seed": ["", "seed"],
    "compile": ["", "compile"],
}
PROJECT = {
    "dbt_project.yml": """
name: crm_warehouse
version: 0.1.0
profile: crm_warehouse
on-run-start: "{{ ledger_start() }}"
on-run-end: "{{ ledger_end(results) }}"
flags: {send_anonymous_usage_stats: false}
models:
  crm_warehouse:
    marts: {+schema: marts, +materialized: table}
""",
    "seeds/names.csv": "order_key,name\n1,ada@example.com\n2,grace@example.com\n",
    "models/marts/orders.sql": "select order_key, 1.5 as net_amount from {{ ref('names') }}",
    "models/marts/broken.sql": "select cast(name as integer) as name from {{ ref('names') }}",
    "models/marts/_models.yml": """
models:
  - name: orders
    description: "It's one row per order."
    columns:
      - name: order_key
        data_tests: [unique, not_null]
      - name: net_amount
        data_tests:
          - accepted_values: {arguments: {values: [7]}, config: {severity: warn}}
unit_tests:
  - name: an_order_has_an_amount
    model: orders
    given: [{input: ref('names'), rows: [{order_key: 1, name: x}]}]
    expect: {rows: [{order_key: 1, net_amount: 1.5}]}
""",
}


class Project:
    """A small dbt project with the real ledger macros, after all of COMMANDS."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(raw=folder, out=folder)
        for name, content in PROJECT.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        (folder / "macros").mkdir()
        for macro in ("ledger.sql", "generate_schema_name.sql"):
            shutil.copy(PROJECT_DIR / "macros" / macro, folder / "macros")
        shutil.copy(PROJECT_DIR / "profiles.yml", folder)
        environment = {
            **clean_environment(),
            "CRM_WAREHOUSE_PATH": str(self.settings.warehouse_path),
            "DO_NOT_TRACK": "1",
        }
        commands = json.dumps(list(COMMANDS.values()))
        subprocess.run(
            [sys.executable, "-c", RUN_COMMANDS, commands], cwd=folder, env=environment, check=True
        )
        self.manifest = json.loads((folder / "target" / "manifest.json").read_text())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("project"))


def test_every_invocation_starts_and_ends_in_the_ledger(project: Project) -> None:
    ended = project.query(
        "select build_id, command, status from pipeline.dbt_invocations "
        "where finished_at is not null order by finished_at"
    )
    assert ended == [
        ("good-build", "build", "success"),
        ("bad-build", "build", "failed"),
        (None, "run", "success"),
        (None, "test", "success"),
        (None, "seed", "success"),
    ]
    started = project.query("select count(*) from pipeline.dbt_invocations where status = 'started'")
    assert started == [(5,)]


def test_the_ledger_knows_what_was_run_and_how(project: Project) -> None:
    arguments = project.query("select arguments from pipeline.dbt_invocations where command = 'run'")
    facts = json.loads(arguments[0][0])
    assert facts["select"] == ["orders"]
    assert facts["empty"] is True
    assert facts["vars"] == {}


def test_every_node_leaves_its_result(project: Project) -> None:
    results = project.query(
        "select unique_id, resource_type, status, failures from pipeline.dbt_node_results "
        "where build_id = 'good-build' order by finished_at"
    )
    assert {(kind, status) for _, kind, status, _ in results} == {
        ("seed", "success"),
        ("model", "success"),
        ("test", "pass"),
        ("test", "warn"),
    }
    assert [failures for *_, status, failures in results if status == "warn"] == [1]


def test_messages_say_what_failed_but_not_on_which_value(project: Project) -> None:
    messages = project.query("select message from pipeline.dbt_node_results where status = 'error'")
    assert messages == [("Runtime Error in model broken (models/marts/broken.sql): Conversion Error",)]


def test_python_and_dbt_fingerprint_a_project_alike(project: Project) -> None:
    hashes = project.query("select distinct graph_hash from pipeline.dbt_invocations")
    assert hashes == [(manifest_fingerprint(project.manifest),)]


def test_the_marts_and_their_keys_are_read_from_the_manifest(project: Project) -> None:
    marts = {mart.name: mart for mart in published_marts(project.manifest)}
    assert set(marts) == {"broken", "orders"}
    assert marts["orders"].keys == [["order_key"]]
    assert marts["orders"].description == "It's one row per order."


@pytest.mark.parametrize(
    ("build_id", "message"),
    [("good-build", "1 did not run in this build: broken"), ("bad-build", "1 failed: broken")],
)
def test_a_proof_misses_exactly_what_dbt_did_not_do(
    project: Project, tmp_path: Path, build_id: str, message: str
) -> None:
    alone = Settings(raw=tmp_path, out=tmp_path)
    shutil.copy(project.settings.warehouse_path, alone.warehouse_path)
    with duckdb.connect(str(alone.warehouse_path)) as con:
        con.execute("delete from pipeline.dbt_invocations where build_id is distinct from ?", [build_id])
        con.execute(
            "create table pipeline.run_context as select ? as build_id, timestamp '2025-01-31' as as_of_at, "
            "date '2025-01-31' as as_of_date, cast(null as varchar) as live_version, "
            "timestamp '2025-01-31' as started_at",
            [build_id],
        )
    with pytest.raises(WarehouseError, match=message):
        prove_build(alone, build_id, project.manifest)
