"""What the command says when the run cannot even be recorded."""

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from crm_warehouse.settings import environment
from orchestration import __main__ as command


def test_a_store_on_a_full_disk_ends_the_run_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_settings: object) -> bool:
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(command, "_run", fail)
    monkeypatch.setattr(command, "prepare_environment", lambda _settings: None)
    with environment({"DAGSTER_HOME": str(tmp_path)}):
        assert command.main(["--out", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "database or disk is full" in told
    assert "Readers still see the last published version" in told


@pytest.mark.parametrize("out", ["file", "file/below"])
@pytest.mark.parametrize("home", ["", "elsewhere"])
def test_an_output_folder_that_cannot_be_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str, home: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    mask = os.umask(0o022)
    try:
        with environment({"DAGSTER_HOME": home}):
            assert command.main(["--raw", str(tmp_path), "--out", str(tmp_path / out)]) == 1
    finally:
        os.umask(mask)
    told = capsys.readouterr().err
    assert f"The output folder {tmp_path / out} cannot be used: " in told
    assert "Name a folder that this account can write" in told
