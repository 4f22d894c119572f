"""Whole builds, run the way a user runs them: as a command, in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.sample import write_sample
from crm_warehouse.settings import PROJECT_DIR
from tests.faults.pipeline import Night
from tests.processes import clean_environment

CUSTOMERS = 400


@dataclass(frozen=True)
class Build:
    """One finished `python -m orchestration`."""

    out: Path
    returncode: int
    output: str
    seconds: float
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
    start = time.monotonic()
    process = subprocess.run(
        build_command(raw, out, as_of=as_of, **project_vars),
        cwd=PROJECT_DIR,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    return Build(out, process.returncode, process.stdout + process.stderr, time.monotonic() - start)


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop, and what it spent on advertising."""
    folder = tmp_path_factory.mktemp("raw")
    write_sample(folder, customers=CUSTOMERS)
    write_spend(folder / "marketing")
    return folder


def write_spend(folder: Path, until: date = date(2025, 6, 30)) -> None:
    """What a shop types into a spreadsheet: the only input that no connector brings."""
    folder.mkdir()
    days = [date(year, month, 15) for year in (2024, 2025) for month in range(1, 13)]
    rows = [f"{day},Google,all,{day.month * 10}.50,,EUR" for day in days if day <= until]
    (folder / "marketing_spend.csv").write_text(
        "\n".join(["date,channel,campaign_id,cost,impressions,currency", *rows, ""])
    )


@pytest.fixture(scope="session")
def shop(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample shop, published; who changes anything takes a copy."""
    build = run_build(raw, tmp_path_factory.mktemp("out"))
    assert build.returncode == 0, build.output[-6000:]
    return build


@pytest.fixture(scope="session")
def built_here(tmp_path_factory: pytest.TempPathFactory, project: Any) -> Callable[..., Build]:
    """The same steps in this process, without Dagster and its start: for tests that compare what is published."""

    def build(raw: Path, *, as_of: date | None = None, **project_vars: Any) -> Build:
        out = tmp_path_factory.mktemp("out")
        start = time.monotonic()
        Night(raw, out, as_of, out.name, project, project_vars=project_vars).run()
        return Build(out, 0, "", time.monotonic() - start)

    return build
