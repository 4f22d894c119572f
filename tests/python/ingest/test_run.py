"""One transaction, pinned inputs, and a state from which the next run always succeeds."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import ingest_empty, recheck_inputs
from crm_warehouse.ingest.declaration import load_platforms
from crm_warehouse.settings import PROJECT_DIR
from tests.python.ingest.landing import DECLARATIONS, LOADED, Shop, lines, orders

# Runs an ingest that is killed where one step of it begins.
KILLED = """
import os, signal, sys
from pathlib import Path
from crm_warehouse.ingest import files, pipeline, run
from crm_warehouse.settings import Settings
raw, out, models, module, step = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr({"files": files, "pipeline": pipeline, "run": run}[module], step, die)
run.ingest(Settings(Path(raw), Path(out)), "killed", models_dir=Path(models))
"""


def kill_at(shop: Shop, module: str, step: str) -> None:
    command = [
        sys.executable,
        "-c",
        KILLED,
        str(shop.raw),
        str(shop.settings.out),
        str(DECLARATIONS),
        module,
        step,
    ]
    result = subprocess.run(
        command, cwd=PROJECT_DIR, env={**os.environ, "PYTHONPATH": str(PROJECT_DIR)}, check=False
    )
    assert result.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("module", "step"),
    [
        ("files", "_sync"),
        ("pipeline", "copy_published_state"),
        ("pipeline", "_create_step_tables"),
        ("run", "remove_stale_copies"),
    ],
)
def test_a_killed_ingest_leaves_a_state_from_which_the_next_succeeds(
    shop: Shop, module: str, step: str
) -> None:
    shop.ingest("first")
    shop.remove("shopify/customer.parquet")
    shop.write("shopify/customer.csv", "id,email\n1,ada@example.com\n")
    kill_at(shop, module, step)
    builds = shop.rows("select build_id from pipeline.run_context")
    assert builds == [("killed" if step == "remove_stale_copies" else "first",)]
    if builds == [("first",)]:
        assert shop.rows("select count(*) from conformed_shopify.order_line") == [(10,)]

    shop.ingest("second")
    assert shop.rows("select build_id from pipeline.run_context") == [("second",)]
    assert shop.rows("select email from conformed_shopify.customer") == [("ada@example.com",)]
    assert [path.suffix for path in shop.settings.ingest_dir.iterdir()] == [".parquet"]


def test_a_refused_input_leaves_the_previous_state(shop: Shop) -> None:
    shop.ingest("first")
    shop.land("shopify/order_line", lines("select null as id, 1 as order_id, 1 as quantity, 1.0 as price"))
    shop.error()
    assert shop.rows("select build_id from pipeline.run_context") == [("first",)]


def test_a_first_build_killed_half_way_does_not_block_the_next(shop: Shop) -> None:
    kill_at(shop, "pipeline", "_create_step_tables")
    assert shop.ingest().row_count("shopify") == 17


def test_inputs_are_pinned_and_rechecked(shop: Shop) -> None:
    shop.ingest()
    recheck_inputs(shop.settings)
    path = shop.land(
        "shopify/order", orders(f"select 6 as id, timestamp '2024-05-07' as processed_at, {LOADED}")
    )
    with pytest.raises(WarehouseError, match="changed while the build ran") as caught:
        recheck_inputs(shop.settings)
    assert str(path) in str(caught.value)
    shop.ingest()
    recheck_inputs(shop.settings)
    path.unlink()
    with pytest.raises(WarehouseError, match="1 input file"):
        recheck_inputs(shop.settings)


def test_the_same_build_can_be_repeated(shop: Shop) -> None:
    shop.ingest("a")
    shop.ingest("a")
    shop.ingest("b")
    rows = shop.rows("select build_id, count(*) from pipeline.source_report group by 1 order by 1")
    assert rows == [("a", 5), ("b", 5)]
    assert shop.rows("select distinct build_id from pipeline.ingest_files") == [("b",)]


def test_the_report_tells_what_happened_to_every_table(shop: Shop) -> None:
    shop.land("shopify/order", orders(f"select 99 as id, timestamp '1970-01-01' as processed_at, {LOADED}"))
    report = shop.ingest()
    assert report.summary().splitlines() == [
        "shopify (shopify): 17 rows",
        "as of 2024-05-06 (2024-05-06 10:00:00 UTC), amounts in EUR",
        "shopify.order: quarantined (1 of 6 rows left aside)",
    ]
    rows = shop.rows(
        "select table_name, status, raw_row_count, row_count, quarantined_count, newest_at::varchar "
        "from pipeline.source_report where table_name = 'order'"
    )
    assert rows == [("order", "quarantined", 6, 5, 1, "2024-05-06 10:00:00")]


def test_an_empty_shop_conforms_for_tests(tmp_path: Path) -> None:
    shop = Shop(tmp_path, tmp_path / "nothing")
    report = ingest_empty(shop.settings)
    assert report.tables == ()
    views = shop.rows(
        "select schema_name, view_name from duckdb_views() where schema_name like 'conformed_%'"
    )
    assert {schema for schema, _ in views} == {f"conformed_{name}" for name in load_platforms()}
    for schema, view in views:
        assert shop.rows(f'select count(*) from {schema}."{view}"') == [(0,)]
    assert shop.rows("select count(*) from pipeline.clv_fits") == [(0,)]


def test_another_build_in_the_same_warehouse_is_named(shop: Shop) -> None:
    shop.ingest()
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(shop.settings.warehouse_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        message = shop.error()
        other.communicate("\n")
    assert "is open in another process" in message


class TestPublishedState:
    def publish(self, shop: Shop, query: str) -> None:
        version = shop.settings.published_dir / "versions" / "v1"
        version.mkdir(parents=True)
        with duckdb.connect(str(version / "marts.duckdb")) as con:
            con.execute(f"create table customer_identifiers as {query}")
        (shop.settings.published_dir / "current").symlink_to("versions/v1")
        (shop.settings.published_dir / "marts.duckdb").symlink_to("current/marts.duckdb")

    def test_it_is_typed_and_empty_before_the_first_publication(self, shop: Shop) -> None:
        assert shop.ingest().live_version is None
        assert shop.rows("select record_key, customer_key from published_state.customer_identifiers") == []

    def test_declared_columns_of_the_live_version_are_copied_and_no_others(self, shop: Shop) -> None:
        self.publish(
            shop,
            "select 'shopify:customer:1' as record_key, 'c1' as customer_key, 'ada@example.com' as email",
        )
        assert shop.ingest().live_version == "v1"
        assert shop.rows("from published_state.customer_identifiers") == [("shopify:customer:1", "c1")]

    def test_a_column_that_an_older_version_lacked_is_null(self, shop: Shop) -> None:
        self.publish(shop, "select 'c1' as customer_key")
        shop.ingest()
        assert shop.rows("from published_state.customer_identifiers") == [(None, "c1")]

    def test_a_damaged_live_version_is_not_taken_for_a_first_publication(self, shop: Shop) -> None:
        self.publish(shop, "select 'c1' as customer_key")
        (shop.settings.published_dir / "versions/v1/marts.duckdb").write_bytes(b"damaged")
        assert "The published file" in shop.error()


def test_an_output_folder_that_is_a_file_is_named(shop: Shop) -> None:
    shop.settings.out.write_text("in the way")
    assert f"The output folder {shop.settings.out} cannot be used: a file is in its place" in shop.error()
