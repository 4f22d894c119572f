"""Whole builds, run the way a user runs them: as a command, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.settings import PROJECT_DIR
from tests.faults.pipeline import Night, dbt_target, parse_project


@dataclass(frozen=True)
class Build:
    """One finished `python -m orchestration`."""

    out: Path
    returncode: int
    output: str
    marts_name: str = "marts.duckdb"

    @property
    def marts(self) -> Path:
        return self.out / "published" / self.marts_name

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.marts), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        return self.query(sql)[0][0]


def build_command(raw: Path, out: Path, *, as_of: date | None = None, **project_vars: Any) -> list[str]:
    command = [sys.executable, "-m", "orchestration", "--raw", str(raw), "--out", str(out)]
    command += ["--as-of", as_of.isoformat()] if as_of else []
    return command + (["--vars", json.dumps(project_vars)] if project_vars else [])


def run_build(raw: Path, out: Path, *, as_of: date | None = None, **project_vars: Any) -> Build:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("CRM_", "DBT_", "DAGSTER_"))
    }
    process = subprocess.run(
        build_command(raw, out, as_of=as_of, **project_vars),
        cwd=PROJECT_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    return Build(out, process.returncode, process.stdout + process.stderr)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Build]:
    """Build a raw folder into a fresh place and insist that it was published."""

    def build(raw: Path, **options: Any) -> Build:
        finished = run_build(raw, tmp_path_factory.mktemp("out"), **options)
        assert finished.returncode == 0, finished.output[-6000:]
        return finished

    return build


@pytest.fixture(scope="session")
def built_here(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Build]:
    """The same steps in this process, without Dagster and its start: for tests that compare what is published."""
    target = tmp_path_factory.mktemp("target")
    with dbt_target(target):
        project = parse_project()

    def build(raw: Path, *, as_of: date | None = None, **project_vars: Any) -> Build:
        out = tmp_path_factory.mktemp("out")
        with dbt_target(target):
            Night(raw, out, as_of, out.name, project, project_vars=project_vars).run()
        return Build(out, 0, "")

    return build
