"""The end of an erasure: what is searched, and what must not disturb the search."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.journeys.publication import hourly_settings
from crm_warehouse.privacy import erase, vault
from crm_warehouse.privacy.erase import prove_erasures
from crm_warehouse.publish.lock import WarehouseBusy, writer_lock
from crm_warehouse.settings import Settings

EMAIL = "ada.lovelace@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(raw=tmp_path / "raw", out=tmp_path / "out")
    request = vault.Request("r", datetime(2026, 1, 1), EMAIL, values=[EMAIL], build_id="build")
    vault.save_request(settings, request)
    return settings


def test_what_a_killed_hourly_run_left_is_gone_before_the_search(settings: Settings) -> None:
    own = hourly_settings(settings)
    copies = [own.ingest_dir / "person.csv", own.out / "candidate" / "journeys.duckdb.wal"]
    for path in copies:
        path.parent.mkdir(parents=True)
        path.write_text(EMAIL)
    with duckdb.connect(str(own.warehouse_path)) as con:
        con.execute("create table people as select $1 as email", [EMAIL])
    assert len(prove_erasures(settings, "build")) == 1
    assert vault.open_requests(settings) == []
    assert not own.warehouse_path.exists()
    assert not any(path.exists() for path in copies)


def test_what_is_found_keeps_the_request_open(settings: Settings) -> None:
    (settings.out / "export.csv").write_text(EMAIL)
    with pytest.raises(WarehouseError, match="export.csv"):
        prove_erasures(settings, "build")
    assert len(vault.open_requests(settings)) == 1


def test_nothing_is_searched_while_an_hourly_run_writes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "_HOURLY_SECONDS", 0)
    with writer_lock(hourly_settings(settings), "hour"), pytest.raises(WarehouseBusy):
        prove_erasures(settings, "build")
    assert len(vault.open_requests(settings)) == 1
