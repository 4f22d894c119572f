"""Kept versions are written again without a person: same name, new files, sealed, whole at every moment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.privacy import versions
from crm_warehouse.privacy.proof import search
from crm_warehouse.privacy.versions import rewrite_versions
from crm_warehouse.publish.layout import IMPERSONAL_FILE, MARTS_FILE
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.versions import list_versions, live_version, verify_version
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.python.privacy.kept_versions import ADA, ADAS_RECORD, BEA, pass_audit, publish

OLD, LIVE = "20250101T000000Z", "20250102T000000Z"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(versions, "audit_folder", pass_audit)
    monkeypatch.setattr(versions, "marts_of_today", dict)
    settings = Settings(raw=tmp_path / "raw", out=tmp_path / "out")
    publish(settings, OLD)
    publish(settings, LIVE)
    return settings


def query(settings: Settings, sql: str, file: str = MARTS_FILE) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.published_dir / file), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_the_persons_rows_go_and_what_they_did_stays_without_them(settings: Settings) -> None:
    total = query(settings, "select count(*), sum(net_amount) from orders")
    assert rewrite_versions(settings, {ADAS_RECORD}) == [LIVE, OLD]

    assert query(settings, "select count(*), sum(net_amount) from orders") == total
    assert query(settings, "select count(*) from orders where customer_key is null") == [(501,)]
    assert query(settings, "select customer_key, email from customers") == [("bea", BEA)]
    assert query(settings, "select * from tickets order by 1") == [
        ("t1", None, None),
        ("t2", "bea", "Wrong size"),
        ("t3", None, "Spam"),
    ]
    assert query(settings, "select * from customer_keys order by 1") == [
        ("ada", None),
        ("bea", "shopify:customer:2"),
    ]
    assert query(settings, "select count(*) from big_orders") == [(499,)]
    assert query(settings, "select comment from duckdb_tables() where table_name = 'orders'") == [
        ("All about orders",)
    ]


def test_nothing_of_the_person_is_left_in_any_file(settings: Settings) -> None:
    sought = [ADA, ADAS_RECORD, "Where is my parcel, Ada"]
    assert search(settings, sought).findings
    rewrite_versions(settings, {ADAS_RECORD})
    assert [str(finding) for finding in search(settings, sought).findings] == []


def test_a_rewritten_version_is_sealed_and_can_be_gone_back_to(settings: Settings) -> None:
    before = {version.version: version.manifest for version in list_versions(settings)}
    rewrite_versions(settings, {ADAS_RECORD})
    for version in list_versions(settings):
        manifest = verify_version(settings, version.version).manifest
        assert manifest["files"][MARTS_FILE] != before[version.version]["files"][MARTS_FILE]
        assert manifest["rewritten"][0]["reason"] == "erasure"
        assert manifest["tables"]["customers"]["rows"] == 1
        assert "quality.html" in manifest["files"]
    live = live_version(settings)
    assert live is not None
    assert live.version == LIVE
    assert rollback(settings, OLD).is_live
    assert query(settings, "select version from warehouse_version") == [(OLD,)]


def test_the_marts_without_personal_data_are_rewritten_too(settings: Settings) -> None:
    rewrite_versions(settings, {ADAS_RECORD})
    assert query(settings, "select * from customers", IMPERSONAL_FILE) == [("bea",)]
    assert query(settings, "select count(*) from big_orders", IMPERSONAL_FILE) == [(499,)]
    names = query(settings, "select distinct column_name from duckdb_columns()", IMPERSONAL_FILE)
    assert not {"email", "email_normalized", "subject"} & {row[0] for row in names}


def test_a_version_without_the_person_is_not_touched(settings: Settings) -> None:
    publish(settings, "20250103T000000Z", with_ada=False)
    folder = settings.published_dir / "versions" / "20250103T000000Z"
    inodes = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert rewrite_versions(settings, {ADAS_RECORD}) == [LIVE, OLD]
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == inodes


def test_a_reader_keeps_what_it_has_open(settings: Settings) -> None:
    with duckdb.connect(str(settings.published_dir / MARTS_FILE), read_only=True) as con:
        rewrite_versions(settings, {ADAS_RECORD})
        assert con.execute("select count(*) from customers").fetchall() == [(2,)]


def test_an_old_version_that_fails_its_audit_is_deleted_and_the_live_one_stops_the_build(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        versions, "audit_folder", lambda folder: pass_audit(folder, passed=OLD not in str(folder))
    )
    rewrite_versions(settings, {ADAS_RECORD})
    assert [version.version for version in list_versions(settings)] == [LIVE]

    publish(settings, "20250104T000000Z")
    monkeypatch.setattr(versions, "audit_folder", lambda folder: pass_audit(folder, passed=False))
    with pytest.raises(WarehouseError, match="does not pass its audit"):
        rewrite_versions(settings, {ADAS_RECORD})
    assert query(settings, "select count(*) from customers") == [(2,)]


def test_no_kill_at_any_point_shows_readers_a_bad_file_or_leaves_the_person(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "tests.python.privacy.kept_versions", str(tmp_path)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert json.loads(process.stdout)["killed"] > 15
