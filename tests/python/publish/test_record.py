"""What readers can ask about versions: which there are, what they cover, and how schemas changed."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.layout import PublishedVersion
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.publish.versions import versions_last_seen
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.python.publish.fake_warehouse import FakeBuild, pass_audit

Publish = Callable[..., PublishedVersion]


def read(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def versions_file(settings: Settings, columns: str) -> list[tuple[Any, ...]]:
    path = settings.published_dir / "published_versions.parquet"
    return duckdb.sql(f"select {columns} from '{path}' order by version").fetchall()


def latest(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((settings.published_dir / "latest.json").read_text())
    return found


def test_a_file_lists_all_versions_up_to_its_own(settings: Settings, published: Publish) -> None:
    first, second = published("b1"), published("b2", generation=2)
    rows = read(
        second.marts_path,
        "select version, build_id, published_at is null, replaced_at is null, is_compared from published_versions "
        "order by version",
    )
    assert rows == [(first.version, "b1", False, True, True), (second.version, "b2", True, True, False)]


def test_the_file_beside_the_versions_says_what_is_live(settings: Settings, published: Publish) -> None:
    first, second = published("b1"), published("b2", generation=2)
    columns = "version, build_id, replaced_at is null, published_at is null"
    assert versions_file(settings, columns) == [
        (first.version, "b1", False, False),
        (second.version, "b2", True, False),
    ]
    rollback(settings)
    assert versions_file(settings, "replaced_at is null, is_compared") == [(True, True), (False, True)]
    assert latest(settings)["version"] == first.version


def test_after_a_rollback_changes_are_due_against_what_was_taken_back_too(
    settings: Settings, published: Publish
) -> None:
    first, second = published("b1"), published("b2", generation=2)
    assert versions_last_seen(settings) == [second.version]
    rollback(settings, first.version)
    assert versions_last_seen(settings) == [first.version, second.version]
    third = published("b3", generation=3)
    assert versions_last_seen(settings) == [third.version]
    compared = "select version from published_versions where is_compared order by version"
    assert read(third.marts_path, compared) == [(first.version,), (second.version,)]


def test_rollback_without_a_version_goes_back_one_and_then_no_further(
    settings: Settings, published: Publish
) -> None:
    names = [published(f"b{number}", generation=number).version for number in range(3)]
    assert rollback(settings).version == names[1]
    assert rollback(settings).version == names[0]
    with pytest.raises(WarehouseError, match="no older version"):
        rollback(settings)


def test_the_history_of_a_build_killed_after_its_switch_is_completed(
    settings: Settings, published: Publish
) -> None:
    first = published("b1")
    (settings.published_dir / "history.jsonl").unlink()
    second = published("b2", generation=2)
    assert versions_file(settings, "version, build_id") == [(first.version, "b1"), (second.version, "b2")]


def test_schema_changes_are_told_and_kept(settings: Settings, published: Publish) -> None:
    first = published("b1")
    build = FakeBuild(settings, "b2", generation=2)
    build.ingest()
    with build._connected() as con:
        con.execute(
            "create or replace table marts.orders as select order_key, customer_key, "
            "cast(net_amount as double) as net_amount, generation, true as is_gift from intermediate.int_orders"
        )
    build.manifest["nodes"]["model.crm_warehouse.internal_helper"]["config"]["meta"].pop("publish")
    build.invoke("all", list(build.manifest["nodes"]))
    build.write_manifest()
    stage_candidate(settings, "b2")
    pass_audit(settings, "b2")
    second = publish_candidate(settings, "b2")
    expected = [
        ("internal_helper", None, "table_added", None, None),
        ("orders", "is_gift", "column_added", None, "BOOLEAN"),
        ("orders", "net_amount", "type_changed", "DECIMAL(18,4)", "DOUBLE"),
    ]
    changes = (
        "select table_name, column_name, change_type, type_before, type_after from schema_changes "
        "where version = '{}' and compared_version = '{}' order by all"
    )
    assert read(second.marts_path, changes.format(second.version, first.version)) == expected
    assert [c["change_type"] for c in second.manifest["schema_changes"]] == [c[2] for c in expected]
    third = published("b3", generation=3)
    assert read(third.marts_path, changes.format(second.version, first.version)) == expected
    removed = read(third.marts_path, changes.format(third.version, second.version))
    assert [change for *_, change, _, _ in removed] == ["table_removed", "column_removed", "type_changed"]


def test_the_manifest_tells_how_fresh_each_source_is(settings: Settings, published: Publish) -> None:
    freshness = published("b1").manifest["freshness"]
    assert freshness == {"shopify": {"newest_at": "2025-01-31T23:59:59.999999", "age_hours": 0.0}}


@pytest.fixture
def with_parquet(settings: Settings) -> Settings:
    return Settings(raw=settings.raw, out=settings.out, var_overrides={"parquet_export": True})


def publish(settings: Settings, build_id: str, generation: int) -> PublishedVersion:
    FakeBuild(settings, build_id, generation=generation).run()
    stage_candidate(settings, build_id)
    pass_audit(settings, build_id)
    return publish_candidate(settings, build_id)


def test_the_parquet_files_are_the_same_version(with_parquet: Settings) -> None:
    version = publish(with_parquet, "b1", 1)
    folder = with_parquet.published_dir / latest(with_parquet)["parquet"]
    assert folder == version.folder / "parquet"
    tables = {
        name for (name,) in read(version.marts_path, "select table_name from information_schema.tables")
    }
    assert {path.stem for path in folder.iterdir()} == tables
    for table in tables:
        exported = f"select * from '{folder}/{table}.parquet'"
        difference = (
            f"(({exported}) except all (from {table})) union all ((from {table}) except all ({exported}))"
        )
        assert read(version.marts_path, f"select count(*) from ({difference})") == [(0,)]
    assert f"parquet/{min(tables)}.parquet" in version.manifest["files"]


def test_who_holds_a_parquet_folder_is_not_moved_to_another_version(with_parquet: Settings) -> None:
    publish(with_parquet, "b1", 1)
    held = with_parquet.published_dir / latest(with_parquet)["parquet"]
    publish(with_parquet, "b2", 2)
    seen = [
        duckdb.sql(f"select min(generation) from '{held}/{t}.parquet'").fetchall()
        for t in ("orders", "order_lines")
    ]
    assert seen == [[(1,)], [(1,)]]
    assert with_parquet.published_dir / latest(with_parquet)["parquet"] != held


def test_published_files_are_for_reading_and_the_rest_is_private(
    settings: Settings, published: Publish
) -> None:
    version = published("b1")
    published("b2", generation=2)
    files = [path for path in settings.published_dir.rglob("*.*") if path.is_file() and not path.is_symlink()]
    writable = [path.name for path in files if path.name != "history.jsonl" and path.stat().st_mode & 0o222]
    assert writable == []
    assert stat.S_IMODE(version.folder.stat().st_mode) == 0o755


def test_going_back_from_the_command_line(settings: Settings, published: Publish) -> None:
    first, second = published("b1"), published("b2", generation=2)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crm_warehouse.publish", *arguments],
            cwd=PROJECT_DIR,
            env={**os.environ, "CRM_OUT": str(settings.out)},
            capture_output=True,
            text=True,
        )

    assert f"{second.version}  as of 2025-01-31" in run("versions").stdout
    assert f"Readers see {first.version}" in run("rollback").stdout
    assert versions_last_seen(settings)[0] == first.version
    refused = run("rollback", "20010101T000000Z")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "There is no published version 20010101T000000Z" in refused.stderr
