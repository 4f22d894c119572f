"""Whatever writes the warehouse without being a step of the build keeps the build from being published."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.custody import custody, prove_custody, warehouse_state
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import recheck_inputs
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.settings import Settings
from tests.python.publish.fake_warehouse import FakeBuild, pass_audit


def execute(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(sql)


BY_HAND = {
    "one value is changed": "update marts.orders set net_amount = 0 where order_key = 'shopify:order:1'",
    "a row is deleted and put back": (
        "create temp table t as from marts.orders where order_key = 'shopify:order:1'; "
        "delete from marts.orders where order_key = 'shopify:order:1'; insert into marts.orders from t"
    ),
    "a view is defined anew": "create or replace view marts.order_lines as select 'x' as order_line_key",
    "the ledger is made up": "update pipeline.dbt_node_results set status = 'pass'",
    "an unrelated table is added": "create table marts.notes (note varchar)",
}


@pytest.mark.parametrize("sql", BY_HAND.values(), ids=list(BY_HAND))
def test_sql_typed_before_staging_is_noticed(settings: Settings, sql: str) -> None:
    FakeBuild(settings, "b1").run()
    execute(settings, sql)
    with pytest.raises(WarehouseError, match="no step of this build wrote the warehouse after its step fake"):
        stage_candidate(settings, "b1")


def test_sql_typed_between_two_steps_is_noticed(settings: Settings) -> None:
    build = FakeBuild(settings, "b1")
    build.ingest()
    execute(settings, "delete from marts.orders where order_key = 'shopify:order:1'")
    build.invoke("all", list(build.manifest["nodes"]))
    build.write_manifest()
    with pytest.raises(WarehouseError, match="between its steps fake and fake"):
        stage_candidate(settings, "b1")


def test_sql_typed_between_staging_and_publishing_is_noticed(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    stage_candidate(settings, "b1")
    pass_audit(settings, "b1")
    execute(settings, "update marts.orders set net_amount = 0")
    with pytest.raises(WarehouseError, match="no step of this build"):
        publish_candidate(settings, "b1")
    assert not (settings.published_dir / "current").exists()


def test_sql_left_in_the_write_ahead_log_is_noticed(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    wal = settings.warehouse_path.with_name("warehouse.duckdb.wal")
    wal.write_bytes(b"what a killed shell left")
    with pytest.raises(WarehouseError, match="after its step"):
        prove_custody(settings, "b1")


def test_looking_is_no_writing(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    before = warehouse_state(settings)
    execute(settings, "select count(*) from marts.orders")
    recheck_inputs(settings)
    assert warehouse_state(settings) == before
    assert stage_candidate(settings, "b1").build_id == "b1"


def test_inputs_are_rechecked_while_others_read(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    options = {"memory_limit": settings.memory_limit}
    with duckdb.connect(str(settings.warehouse_path), read_only=True, config=options):
        recheck_inputs(settings)


def test_a_step_that_fails_after_writing_breaks_the_chain(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    with pytest.raises(ValueError, match="half way"), custody(settings, "b1", "scoring"):
        execute(settings, "create table marts.half (x integer)")
        raise ValueError("half way")
    with pytest.raises(WarehouseError, match="no step of this build"):
        prove_custody(settings, "b1")


def test_a_step_of_another_build_breaks_the_chain(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    with custody(settings, "b2", "dbt build"):
        pass
    with pytest.raises(WarehouseError, match="A step of build b2"):
        prove_custody(settings, "b1")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "no record of the steps"),
        (lambda path: path.write_text(path.read_text()[:-20]), "cut off"),
    ],
)
def test_a_damaged_record_proves_nothing(
    settings: Settings, spoil: Callable[[Path], None], message: str
) -> None:
    FakeBuild(settings, "b1").run()
    spoil(settings.out / ".custody.jsonl")
    with pytest.raises(WarehouseError, match=message):
        prove_custody(settings, "b1")
