"""A disk that is full or read-only: an error in words, and readers keep what they have."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm_warehouse.settings import PROJECT_DIR

NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def may_mount(folder: Path) -> bool:
    if not shutil.which("unshare"):
        return False
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    disk = tmp_path_factory.mktemp("disk")
    if not may_mount(disk):
        pytest.skip("this machine allows no private mounts, so there is no small disk to fill")
    process = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.python.publish.disk_runner", disk],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    found = [json.loads(line) for line in process.stdout.splitlines()]
    return {entry["attempt"]: entry for entry in found}


ATTEMPTS = ["stage, full", "stage, read-only", "publish, full", "publish, read-only", "roll back, read-only"]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_operator_is_told_and_readers_see_no_difference(attempts: dict[str, Any], attempt: str) -> None:
    outcome = attempts[attempt]["outcome"]
    assert outcome.startswith("Could not"), outcome
    cause = "Read-only file system" if "read-only" in attempt else "No space left on device"
    assert cause in outcome or "the disk is full or read-only" in outcome
    assert "Readers still see the last published version" in outcome
    assert attempts[attempt]["live_is_intact"]


def test_the_same_build_is_published_once_the_disk_is_well(attempts: dict[str, Any]) -> None:
    assert attempts["publish, repaired"]["live_is_intact"]
