"""A consumer of segment_changes, through refused builds and rollbacks: it always ends up with the live lists."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import load_published_state
from crm_warehouse.ingest.pipeline import attach_published, copy_published_state
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import PROJECT_DIR, Settings
from tests.python.publish.fake_warehouse import AS_OF, FakeBuild, node, pass_audit

MODELS = ["intermediate/segments/int_customer_successors", "marts/segments/segment_changes"]
MARTS = {
    "customer_segments": "customer_segment_key",
    "customer_identifiers": "record_key",
    "segment_changes": "segment_change_key",
}
STATE = {
    name: columns
    for name, columns in load_published_state().items()
    if name in {"versions", "customer_segments", "customer_identifiers"}
}
Lists = set[tuple[str, str]]


def model_sql(model: str) -> str:
    """A model as it is, with relations for references; nothing else in it needs dbt."""
    sql = (PROJECT_DIR / "models" / f"{model}.sql").read_text()
    sql = re.sub(r"\{\{ config\(.*?\) \}\}", "", sql)
    sql = sql.replace("{{ ref('stg_pipeline__run_context') }}", "pipeline.run_context")
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"marts.\1", sql)
    sql = re.sub(r"\{\{ source\('(\w+)', '(\w+)'\) \}\}", r"\1.\2", sql)
    assert "{{" not in sql
    return sql


class SegmentBuild(FakeBuild):
    """A build of a shop with these memberships."""

    def __init__(self, settings: Settings, build_id: str, lists: Lists, *, day: int) -> None:
        super().__init__(settings, build_id, as_of_at=AS_OF + timedelta(days=day))
        self.lists = lists
        for name, key in MARTS.items():
            unique = {"name": "unique", "kwargs": {"column_name": key}}
            fields = {"schema": "marts", "fqn": ["crm_warehouse", "marts", name]}
            model = node(name, "model", [], **fields, config={"materialized": "table", "meta": {}})
            test = node(f"unique_{name}", "test", [model["unique_id"]], fqn=fields["fqn"])
            test |= {"test_metadata": unique, "attached_node": model["unique_id"]}
            self.manifest["nodes"] |= {model["unique_id"]: model, test["unique_id"]: test}

    def ingest(self) -> None:
        with self._connected() as con:
            super().ingest()
            published = attach_published(con, self.settings)
            copy_published_state(con, STATE, published)
            con.execute(
                "create or replace table marts.customer_segments as select * from (values "
                + ", ".join(f"('{c}:{s}', '{c}', '{s}')" for c, s in sorted(self.lists))
                + ") as t (customer_segment_key, customer_key, segment_key)"
            )
            for name in ("customer_identifiers", "int_customers_resolved"):
                con.execute(
                    f"create or replace table marts.{name} as "
                    "select distinct customer_key as record_key, customer_key from marts.customer_segments"
                )
            for model in MODELS:
                name = model.rpartition("/")[2]
                con.execute(f"create or replace table marts.{name} as {model_sql(model)}")
            for database in published.values():
                con.execute(f"detach {database}")


class Consumer:
    """A marketing tool's lists, kept up to date from changes alone after a first full load."""

    def __init__(self) -> None:
        self.version = ""
        self.lists: Lists = set()

    def sync(self, marts: Path) -> None:
        with duckdb.connect(str(marts), read_only=True) as con:
            ((version,),) = con.execute("select version from warehouse_version").fetchall()
            compared = con.execute("select version from published_versions where is_compared").fetchall()
            if not self.version:
                self.lists = set(
                    con.execute("select customer_key, segment_key from customer_segments").fetchall()
                )
            elif (self.version,) not in compared:
                return  # it has seen this version, or one that was taken back and is answered by the next build
            for customer, segment, change in con.execute(
                "select customer_key, segment_key, change_type from segment_changes"
            ).fetchall():
                {"entered": self.lists.add, "left": self.lists.discard}[change]((customer, segment))
            self.version = version


def shops(chance: random.Random) -> Iterator[Lists]:
    """Memberships that change a little from build to build."""
    lists = {(f"c{c}", f"s{s}") for c in range(6) for s in range(3) if chance.random() < 0.5}
    while True:
        for pair in [(f"c{c}", f"s{s}") for c in range(6) for s in range(3)]:
            if chance.random() < 0.3:
                lists ^= {pair}
        lists |= {("c0", "s0")}  # never empty: `values` needs a row
        yield set(lists)


def publish(settings: Settings, build_id: str, lists: Lists, day: int, *, passed: bool = True) -> None:
    SegmentBuild(settings, build_id, lists, day=day).run()
    stage_candidate(settings, build_id)
    pass_audit(settings, build_id, passed=passed)
    publish_candidate(settings, build_id)


@pytest.mark.parametrize("seed", range(3))
def test_a_consumer_misses_no_change_whatever_happened_to_builds(settings: Settings, seed: int) -> None:
    chance = random.Random(seed)
    states = shops(chance)
    consumer = Consumer()
    marts = settings.published_dir / "marts.duckdb"
    publish(settings, "b0", next(states), 0)
    consumer.sync(marts)
    happened = set()
    for day, event in enumerate(["good", "refused", "rollback", "good", "rollback", "good"], start=1):
        happened.add(event)
        if event == "rollback":
            # Whether the consumer saw the version that is now taken back is up to its schedule.
            publish(settings, f"extra{day}", next(states), day)
            if chance.random() < 0.7:
                consumer.sync(marts)
            rollback(settings)
            if chance.random() < 0.5:
                consumer.sync(marts)
        elif event == "refused":
            with pytest.raises(WarehouseError, match="The audit failed"):
                publish(settings, f"b{day}", next(states), day, passed=False)
        else:
            lists = next(states)
            publish(settings, f"b{day}", lists, day)
            consumer.sync(marts)
            assert consumer.lists == lists
            live = live_version(settings)
            assert live and consumer.version == live.version
    assert happened == {"good", "refused", "rollback"}
