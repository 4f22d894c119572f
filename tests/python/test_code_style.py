"""The linters and the type checker, as tests: one command runs everything CI does."""

import subprocess
import sys
from pathlib import Path

import pytest

from crm_warehouse.settings import PROJECT_DIR

BIN = Path(sys.executable).parent

CHECKS = {
    "ruff finds no problem": ["ruff", "check", "."],
    "Python is formatted": ["ruff", "format", "--check", "."],
    "types are consistent": ["mypy"],
    "YAML is tidy": ["yamllint", "--strict", "."],
    "SQL follows the style": ["sqlfluff", "lint", "--processes", "2", "models", "tests/dbt"],
}


@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS.keys())
def test_style(command: list[str]) -> None:
    result = subprocess.run([BIN / command[0], *command[1:]], cwd=PROJECT_DIR, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
