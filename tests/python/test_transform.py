"""dbt in this process: what its failures say, and where the rows behind them go."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from crm_warehouse import transform
from crm_warehouse.settings import PROJECT_DIR, Settings
from crm_warehouse.transform import DbtRun, ensure_manifest, parsed_project, run_dbt
from tests.python.publish.test_ledger_macros import PROJECT

EMAIL = "ada@example.com"
OWN = {
    "models/marts/people.sql": "select order_key, name from {{ ref('names') }}",
    "tests/assert_nobody_is_second.sql": "select * from {{ ref('people') }} where order_key = 2",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[DbtRun, Settings]:
    """A small project with a model and a test that fail on personal data."""
    folder = tmp_path_factory.mktemp("project")
    settings = Settings(raw=folder, out=folder / "out")
    settings.out.mkdir()
    for name, content in {**PROJECT, **OWN}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "macros").mkdir()
    for macro in ("ledger.sql", "generate_schema_name.sql"):
        shutil.copy(PROJECT_DIR / "macros" / macro, folder / "macros")
    shutil.copy(PROJECT_DIR / "profiles.yml", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transform, "PROJECT_DIR", folder)
        patch.setenv("DBT_TARGET_PATH", str(settings.out / "target"))
        patch.setenv("DBT_LOG_PATH", str(settings.out / "logs"))
        return run_dbt(["build"], settings=settings, build_id="b1"), settings


def messages(run: DbtRun) -> dict[str, str]:
    return {result.unique_id.split(".")[2]: result.message for result in run.failed}


def test_failures_are_told_by_place_kind_and_key(run: tuple[DbtRun, Settings]) -> None:
    told = messages(run[0])
    assert told["broken"] == "Runtime Error in model broken (models/marts/broken.sql): Conversion Error"
    assert told["assert_nobody_is_second"] == (
        '1 rows in failures."assert_nobody_is_second" of the warehouse, such as order_key 2'
    )


def test_the_failing_rows_can_be_looked_at(run: tuple[DbtRun, Settings]) -> None:
    with duckdb.connect(str(run[1].warehouse_path), read_only=True) as con:
        rows = con.execute("select order_key, name from failures.assert_nobody_is_second").fetchall()
    assert rows == [(2, "grace@example.com")]


def test_dbt_leaves_no_value_on_disk(run: tuple[DbtRun, Settings]) -> None:
    _, settings = run
    written = [path for path in settings.out.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
    assert {path.name for path in written} >= {"manifest.json", "run_results.json"}
    # The seed's own file is part of the project, and dbt keeps its text in what it parsed.
    assert [path.name for path in written if EMAIL.encode() in path.read_bytes()] == []


def test_messages_name_nobody(run: tuple[DbtRun, Settings]) -> None:
    assert "@" not in "".join(messages(run[0]).values())


def test_a_warehouse_with_vars_of_its_own_is_parsed_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    class Runner:
        def invoke(self, arguments: list[str]) -> SimpleNamespace:
            calls.append(arguments)
            return SimpleNamespace(success=True, result=f"parsed {len(calls)}")

    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    settings = Settings(raw=tmp_path, out=tmp_path)
    ensure_manifest(settings)
    assert calls == []
    ensure_manifest(replace(settings, var_overrides={"platforms": {}}))
    ((command, *arguments),) = calls
    assert command == "parse"
    assert arguments[-2:] == ["--vars", '{"platforms": {}}']
    with_vars = replace(settings, var_overrides={"platforms": {}})
    assert [parsed_project(with_vars), parsed_project(settings), parsed_project(settings)] == [
        "parsed 1",
        "parsed 2",
        "parsed 2",
    ]
