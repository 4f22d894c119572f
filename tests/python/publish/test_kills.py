"""SIGKILL at every point where publishing touches the disk, while readers read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.settings import PROJECT_DIR, Settings


def start(module: str, *arguments: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.python.publish.{module}", *map(str, arguments)],
        cwd=PROJECT_DIR,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> Any:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return json.loads(output)


def test_no_kill_at_any_point_ever_shows_readers_a_bad_version(tmp_path: Path) -> None:
    out, stop = tmp_path / "out", tmp_path / "stop"
    reader = start("reader", out / "published", stop)
    try:
        builds = result(start("kill_runner", out, DBT_TARGET_PATH=str(out / "target")))
    finally:
        stop.touch()
    seen = result(reader)

    assert builds["killed"] > 20
    assert builds["live"] == builds["newest"]
    assert builds["leftovers"] == []
    assert seen["reads"] > builds["killed"]
    assert (seen["errors"], seen["mixed"], seen["backward"]) == ([], 0, 0)
    live = Settings(raw=tmp_path, out=out).published_dir / "marts.duckdb"
    with duckdb.connect(str(live), read_only=True) as con:
        assert con.execute("select build_id from warehouse_version").fetchall() == [(builds["live"],)]
