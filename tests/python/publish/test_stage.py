"""What gets into a candidate, and every reason not to make one."""

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import sha256
from crm_warehouse.publish.layout import PublishedVersion, candidate_dir, staging_dir
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.stage import published_marts, stage_candidate
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.python.publish.fake_warehouse import AS_OF, FakeBuild, manifest

STAGE_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.settings import Settings
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # the kernel refuses to let a file grow further
try:
    stage_candidate(Settings(raw=Path("raw"), out=Path(sys.argv[1])), "b2")
except WarehouseError as error:
    print(error)
"""
Break = Callable[[FakeBuild], None]
TEST_NODE = "test.crm_warehouse.unique_orders_order_key"


def read(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_candidate_holds_the_published_marts_and_nothing_else(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    candidate = stage_candidate(settings, "b1")
    tables = read(candidate.marts_path, "select table_name from duckdb_tables() order by 1")
    assert [name for (name,) in tables] == [
        "customer_360",
        "order_lines",
        "orders",
        "published_versions",
        "schema_changes",
        "warehouse_version",
    ]
    assert candidate.row_counts == {"customer_360": 7, "customer_events": 40, "order_lines": 50, "orders": 50}


def test_a_view_is_stored_as_a_table_unless_it_asks_to_stay_one(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    candidate = stage_candidate(settings, "b1")
    assert read(candidate.marts_path, "select count(*), min(generation) from order_lines") == [(50, 1)]
    views = read(candidate.marts_path, "select view_name from duckdb_views() where not internal")
    assert views == [("customer_events",)]
    assert candidate.tables["customer_events"]["kind"] == "view"


def test_a_published_view_reads_its_own_file_under_any_name(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    path = stage_candidate(settings, "b1").marts_path
    settings.warehouse_path.unlink()
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as shop (read_only)")
        assert con.execute("select count(*), min(generation) from shop.customer_events").fetchall() == [
            (40, 1)
        ]


@pytest.mark.parametrize(
    ("reads", "message"),
    [
        (
            "intermediate.int_orders",
            r"customer_events .* reads intermediate.int_orders, which readers do not get",
        ),
        ("marts.internal_helper", r"reads marts.internal_helper, which readers do not get"),
        ("read_csv('{csv}')", "reads something outside its file"),
    ],
)
def test_a_published_view_reads_nothing_but_published_tables(
    settings: Settings, tmp_path: Path, reads: str, message: str
) -> None:
    (tmp_path / "events.csv").write_text("event_key\n1\n")
    build = FakeBuild(settings, "b1")
    build.events = f"select * from {reads.format(csv=tmp_path / 'events.csv')}"
    build.run()
    with pytest.raises(WarehouseError, match=message):
        stage_candidate(settings, "b1")
    assert not candidate_dir(settings, "b1").exists()


def test_a_column_is_stored_as_its_mart_asks(settings: Settings) -> None:
    build = FakeBuild(settings, "b1")
    column = build.manifest["nodes"]["model.crm_warehouse.orders"]["columns"]["order_key"]
    column["config"] = {"meta": {"compression": "uncompressed"}}
    mart = build.manifest["nodes"]["model.crm_warehouse.customer_360"]
    mart["config"]["meta"]["compression"] = "uncompressed"
    mart["columns"]["customer_key"]["data_type"] = "string"
    build.run()
    path = stage_candidate(settings, "b1").marts_path
    stored = (
        "select distinct compression from pragma_storage_info('orders') "
        "where column_name = 'order_key' and segment_type = 'VARCHAR'"
    )
    assert read(path, stored) == [("Uncompressed",)]
    assert read(path, stored.replace("order_key", "customer_key")) != [("Uncompressed",)]
    of_the_mart = stored.replace("orders", "customer_360").replace("order_key", "customer_key")
    assert read(path, of_the_mart) == [("Uncompressed",)]


def test_a_candidate_says_what_it_is(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    candidate = stage_candidate(settings, "b1")
    version = read(
        candidate.marts_path, "select version, as_of_at, as_of_date, build_id from warehouse_version"
    )
    assert version == [(candidate.version, AS_OF, AS_OF.date(), "b1")]
    assert candidate.tables["orders"]["keys"] == [["order_key"]]
    assert candidate.tables["orders"]["owner"] == "analytics"
    assert candidate.sources[0]["row_count"] == 50
    assert candidate.sha256 == sha256(candidate.marts_path)


def test_documentation_travels_with_the_file(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    path = stage_candidate(settings, "b1").marts_path
    assert read(path, "select comment from duckdb_tables() where table_name = 'orders'") == [
        ("One row per orders's key.",)
    ]
    columns = "select comment from duckdb_columns() where table_name = 'orders' and column_name = 'order_key'"
    assert read(path, columns) == [("It's the key.",)]


def test_older_clients_can_read_the_file_and_nobody_may_write_it(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    path = stage_candidate(settings, "b1").marts_path
    tags = "select tags['storage_version'] from duckdb_databases() where database_name = 'marts'"
    assert read(path, tags) == [("v1.2.0+",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "candidate.json",
        "marts.duckdb",
        "marts_no_personal_data.duckdb",
    ]


def test_rows_are_ordered_where_a_mart_asks_for_it(settings: Settings) -> None:
    build = FakeBuild(settings, "b1")
    build.manifest["nodes"]["model.crm_warehouse.customer_360"]["config"]["meta"]["sort_by"] = [
        "customer_key"
    ]
    build.run()
    rows = read(stage_candidate(settings, "b1").marts_path, "select customer_key from customer_360")
    assert rows == sorted(rows)


def test_a_project_without_marts_is_refused() -> None:
    empty = manifest() | {"nodes": {}}
    with pytest.raises(WarehouseError, match="no marts to publish"):
        published_marts(empty)


@pytest.mark.parametrize(
    ("meta", "may_warn"),
    [
        ({"owner": "analytics", "until": "2999-01-01"}, True),
        ({"owner": "analytics", "until": "2020-01-01"}, False),
        ({"owner": "analytics"}, False),
        ({"until": "2999-01-01"}, False),
        ({}, False),
    ],
    ids=["until later", "ran out", "without an end", "without an owner", "nobody's"],
)
def test_a_warning_is_reported_and_blocks_once_its_time_is_up(
    settings: Settings, meta: dict[str, str], may_warn: bool
) -> None:
    build = FakeBuild(settings, "b1")
    build.ingest()
    build.manifest["nodes"][TEST_NODE]["config"]["meta"] = meta
    build.write_manifest()
    build.invoke("all", list(build.manifest["nodes"]), statuses={TEST_NODE: "warn"})
    if may_warn:
        assert stage_candidate(settings, "b1").warnings == [TEST_NODE]
    else:
        with pytest.raises(WarehouseError, match="warn without an owner and an end date"):
            stage_candidate(settings, "b1")


def _everything(build: FakeBuild, **options: Any) -> None:
    build.invoke("all", list(build.manifest["nodes"]), **options)


def _skipping_a_test(build: FakeBuild) -> None:
    build.invoke("all", [name for name in build.manifest["nodes"] if name != TEST_NODE])


def _then(name: str, nodes: list[str], **options: Any) -> Break:
    """A complete build, and one more invocation after it."""

    def break_it(build: FakeBuild) -> None:
        _everything(build)
        build.invoke(name, nodes, **options)

    return break_it


def _with_two_vars(build: FakeBuild) -> None:
    nodes = list(build.manifest["nodes"])
    build.invoke("first", nodes[:4], vars={})
    build.invoke("second", nodes[4:], vars={"clv_horizon_days": 90})


ORDERS = ["model.crm_warehouse.orders"]
BROKEN_BUILDS: dict[str, tuple[Break, str]] = {
    "a test failed": (lambda b: _everything(b, statuses={TEST_NODE: "fail"}), "1 failed: unique_orders"),
    "a node was skipped": (lambda b: _everything(b, statuses={TEST_NODE: "skipped"}), "1 were skipped"),
    "only a subset ran": (
        lambda b: b.invoke("subset", ORDERS),
        "10 did not run in this build: customer_360",
    ),
    "a test was left out": (_skipping_a_test, "1 did not run in this build: unique_orders_order_key"),
    "dbt was typed by hand": (_then("hand", ORDERS, build_id=None), r"Another dbt .*none \(typed by hand\)"),
    "another build ran": (_then("other", ORDERS, build_id="b9"), "Another dbt invocation .*build b9"),
    "an invocation was killed": (_then("killed", [], finished=False), "never finished"),
    "a model was rebuilt after its tests": (_then("again", ORDERS), "before something they read was built"),
    "dbt ran on no data": (lambda b: _everything(b, empty=True), "ran with --empty"),
    "dbt ran on a sample": (lambda b: _everything(b, sample="3 days"), "ran with --sample"),
    "the two halves had different vars": (_with_two_vars, "different --vars"),
    "the manifest is another project's": (
        lambda b: _everything(b, graph_hash="x"),
        "manifest is not that of",
    ),
    "dbt never ran": (lambda b: None, "no dbt invocation of build b1"),
}


@pytest.mark.parametrize("case", BROKEN_BUILDS)
def test_no_candidate_without_proof(settings: Settings, case: str) -> None:
    break_it, message = BROKEN_BUILDS[case]
    build = FakeBuild(settings, "b1")
    build.ingest()
    break_it(build)
    build.write_manifest()
    with pytest.raises(WarehouseError, match=message):
        stage_candidate(settings, "b1")
    assert not candidate_dir(settings, "b1").exists()


def test_what_happened_before_this_builds_ingest_does_not_matter(settings: Settings) -> None:
    old = FakeBuild(settings, "old")
    old.ingest()
    old.invoke("by_hand", ["model.crm_warehouse.orders"], build_id=None, statuses={TEST_NODE: "fail"})
    FakeBuild(settings, "b1").run()
    assert stage_candidate(settings, "b1").build_id == "b1"


def test_another_builds_warehouse_is_refused(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    with pytest.raises(WarehouseError, match="ingested by build b1, not by build b2"):
        stage_candidate(settings, "b2")


def test_a_warehouse_without_a_ledger_is_refused(settings: Settings) -> None:
    settings.out.mkdir()
    FakeBuild(settings, "b1").write_manifest()
    with pytest.raises(WarehouseError, match="There is no warehouse"):
        stage_candidate(settings, "b1")
    duckdb.connect(str(settings.warehouse_path)).close()
    with pytest.raises(WarehouseError, match="no complete record of its builds"):
        stage_candidate(settings, "b1")


def test_inputs_that_changed_during_the_build_are_refused(settings: Settings, tmp_path: Path) -> None:
    FakeBuild(settings, "b1").run()
    raw = tmp_path / "order.parquet"
    raw.write_text("as ingested")
    with duckdb.connect(str(settings.warehouse_path)) as con:
        pinned = [str(raw), raw.stat().st_size, raw.stat().st_mtime_ns]
        con.execute("insert into pipeline.ingest_files values (?, ?, ?)", pinned)
    raw.write_text("a loader came by")
    with pytest.raises(WarehouseError, match="changed while the build ran"):
        stage_candidate(settings, "b1")


def test_a_missing_manifest_is_refused(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    (settings.out / "target" / "manifest.json").unlink()
    with pytest.raises(WarehouseError, match=r"manifest.json does not exist"):
        stage_candidate(settings, "b1")


def test_staging_while_another_build_writes_is_refused(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    with writer_lock(settings, "b2"), pytest.raises(WarehouseError, match="Another build is writing"):
        stage_candidate(settings, "b1")


def test_leftovers_of_interrupted_builds_are_collected(settings: Settings) -> None:
    leftover = candidate_dir(settings, "killed")
    leftover.mkdir(parents=True)
    (leftover / "marts.duckdb").write_text("half a file")
    FakeBuild(settings, "b1").run()
    stage_candidate(settings, "b1")
    assert [folder.name for folder in staging_dir(settings).iterdir()] == ["b1"]


def test_a_full_disk_is_a_clear_error_and_leaves_readers_alone(
    settings: Settings, published: Callable[..., PublishedVersion]
) -> None:
    live = published("b1")
    before = sha256(live.marts_path)
    FakeBuild(settings, "b2", generation=2).run()
    staging = subprocess.run(
        [sys.executable, "-c", STAGE_ON_A_FULL_DISK, str(settings.out)],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
    )
    assert "Could not stage the candidate" in staging.stdout, staging.stderr
    assert sha256(settings.published_dir / "marts.duckdb") == before
    assert not candidate_dir(settings, "b2").exists()
