"""Connections of Dagster's embedded event log."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import text

from crm_warehouse.settings import PROJECT_DIR
from orchestration.event_log import OPEN_FILES, EventLog
from tests.processes import clean_environment


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="orders")])
def orders() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses the argument at run time
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shutil.copyfile(PROJECT_DIR / "orchestration" / "dagster.yaml", tmp_path / "dagster.yaml")
    with dg.DagsterInstance.get() as instance:
        yield instance


def _files(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "history" / "runs"


def test_dagsters_own_commands_find_the_store(tmp_path: Path) -> None:
    """As `make dev` starts them: the command's own folder is on the path, not the project's."""
    start = (
        "import os, sys; from pathlib import Path; from crm_warehouse.settings import Settings; "
        "from orchestration.__main__ import prepare_environment; "
        f"prepare_environment(Settings(raw=Path('raw'), out=Path({str(tmp_path)!r}))); "
        "os.execv(sys.argv[1], ['dagster', 'instance', 'info'])"
    )
    dagster = str(Path(sys.executable).with_name("dagster"))
    told = subprocess.run(
        [sys.executable, "-c", start, dagster],
        cwd=PROJECT_DIR,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    assert "EventLog" in told.stdout
    assert (tmp_path / "dagster" / "history" / "runs").is_dir()


def test_a_run_is_kept_where_dagsters_own_store_finds_it(instance: dg.DagsterInstance) -> None:
    result = dg.materialize([orders], instance=instance)
    events = SqliteEventLogStorage(str(_files(instance))).get_logs_for_run(result.run_id)
    assert {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "PIPELINE_SUCCESS"} <= {
        event.dagster_event_type.value for event in events if event.dagster_event_type
    }
    assert instance.get_latest_materialization_event(dg.AssetKey("orders"))


def test_events_reach_the_disk_at_checkpoints_and_not_one_by_one(instance: dg.DagsterInstance) -> None:
    result = dg.materialize([orders], instance=instance)
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    with log.run_connection(result.run_id) as connection:
        assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
        assert connection.execute(text("pragma synchronous")).scalar() == 1  # normal
    assert (_files(instance) / f"{result.run_id}.db-wal").stat().st_size > 0


def test_a_service_that_reads_many_runs_keeps_few_files_open(instance: dg.DagsterInstance) -> None:
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    runs = [f"run_{number}" for number in range(2 * OPEN_FILES)]
    for run in [*runs, runs[0]]:
        assert log.get_logs_for_run(run) == []
    assert list(_files(instance).glob("run_*.db-shm")), "the latest ones are open"
    assert len(list(_files(instance).glob("run_*.db-shm"))) <= OPEN_FILES


def test_a_wiped_log_can_be_written_again(instance: dg.DagsterInstance) -> None:
    dg.materialize([orders], instance=instance)
    instance.event_log_storage.wipe()
    assert instance.get_latest_materialization_event(dg.AssetKey("orders")) is None
    result = dg.materialize([orders], instance=instance)
    assert instance.all_logs(result.run_id)
