"""A warehouse as ingest and dbt leave it, without running either: small, and wrong in exactly one way at will."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.custody import custody
from crm_warehouse.publish.files import sha256, write_json
from crm_warehouse.publish.layout import AUDIT_FILE, CANDIDATE_FILE, Candidate, candidate_dir
from crm_warehouse.publish.ledger import manifest_fingerprint
from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import Settings

AS_OF = datetime(2025, 1, 31, 23, 59, 59, 999999)
MODELS = {
    "int_orders": ("intermediate", "view", []),
    "orders": ("marts", "table", ["int_orders"]),
    "order_lines": ("marts", "view", ["orders"]),
    "customer_360": ("marts", "table", ["orders"]),
    "customer_events": ("marts", "view", ["orders"]),
    "internal_helper": ("marts", "table", ["orders"]),
}
KEYS = {
    "orders": "order_key",
    "order_lines": "order_line_key",
    "customer_360": "customer_key",
    "customer_events": "event_key",
}
EVENTS = """
    with orders as (select * from "warehouse"."marts"."orders" where net_amount > 9)
    select order_key as event_key, customer_key, generation from orders
"""
META = {"internal_helper": {"publish": False}, "customer_events": {"publish_as": "view"}}


def node(name: str, kind: str, depends_on: list[str], **fields: Any) -> dict[str, Any]:
    unique_id = f"{kind}.crm_warehouse.{name}"
    return {
        "unique_id": unique_id,
        "resource_type": kind,
        "name": name,
        "alias": name,
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(name.encode()).hexdigest()},
        "depends_on": {"nodes": depends_on},
        "columns": {},
        "description": "",
        "config": {"materialized": kind, "meta": {}},
        **fields,
    }


def manifest() -> dict[str, Any]:
    """Six models, one not published and one a view for readers too, a unique test per published mart, a seed."""
    nodes = [node("country_codes", "seed", [], schema="seeds", fqn=["crm_warehouse", "country_codes"])]
    for name, (folder, materialized, parents) in MODELS.items():
        meta = {"owner": "analytics"} | META.get(name, {})
        nodes.append(
            node(
                name,
                "model",
                [f"model.crm_warehouse.{parent}" for parent in parents],
                schema=folder,
                fqn=["crm_warehouse", folder, name],
                description=f"One row per {name}'s key.",
                columns={KEYS[name]: {"name": KEYS[name], "description": "It's the key."}}
                if name in KEYS
                else {},
                config={"materialized": materialized, "meta": meta},
            )
        )
    for name, key in KEYS.items():
        model = f"model.crm_warehouse.{name}"
        metadata = {"name": "unique", "kwargs": {"column_name": key}}
        nodes.append(
            node(
                f"unique_{name}_{key}",
                "test",
                [model],
                test_metadata=metadata,
                attached_node=model,
                config={"materialized": "test", "severity": "ERROR", "meta": {}},
                fqn=["crm_warehouse", "marts", f"unique_{name}_{key}"],
            )
        )
    return {"metadata": {"project_name": "crm_warehouse"}, "nodes": {n["unique_id"]: n for n in nodes}}


class FakeBuild:
    """One build of `generation`: every mart carries that number, so that mixed reads show."""

    def __init__(
        self, settings: Settings, build_id: str, *, generation: int = 1, as_of_at: datetime = AS_OF
    ) -> None:
        self.settings = settings
        self.build_id = build_id
        self.generation = generation
        self.as_of_at = as_of_at
        self.events = EVENTS
        self.started_at = datetime.now(UTC).replace(tzinfo=None)
        self.manifest = manifest()
        self._starts = True  # with ingest, the first step of all tests
        self._open: duckdb.DuckDBPyConnection | None = None

    def run(self) -> "FakeBuild":
        """Ingest and both dbt invocations, all green."""
        nodes = list(self.manifest["nodes"])
        with self._connected():
            self.ingest()
            self.invoke("before_fit", nodes[:-2])
            self.invoke("after_fit", nodes[-2:])
        self.write_manifest()
        return self

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One connection for all steps of `run`: opening and checkpointing is what a fake build spends time on."""
        if self._open:
            yield self._open
            return
        self.settings.out.mkdir(parents=True, exist_ok=True)
        with (
            custody(self.settings, self.build_id, "fake", starts_build=self._starts),
            duckdb.connect(str(self.settings.warehouse_path)) as con,
        ):
            self._starts = False
            self._open = con
            try:
                yield con
            finally:
                self._open = None

    def ingest(self) -> None:
        live = live_version(self.settings)
        with self._connected() as con:
            con.execute(
                f"""
                create schema if not exists pipeline;
                create schema if not exists intermediate;
                create schema if not exists marts;
                create or replace table pipeline.run_context (
                    build_id varchar, as_of_at timestamp, as_of_date date, is_backdated boolean,
                    reporting_currency_code varchar, live_version varchar, started_at timestamp
                );
                create or replace table pipeline.ingest_files (path varchar, size_bytes bigint, mtime_ns bigint);
                create table if not exists pipeline.source_report (
                    build_id varchar, source_name varchar, platform varchar, table_name varchar, status varchar,
                    row_count bigint, newest_at timestamp, note varchar
                );
                create table if not exists pipeline.dbt_invocations (
                    invocation_id varchar, build_id varchar, command varchar, arguments varchar,
                    graph_hash varchar, started_at timestamp, finished_at timestamp, status varchar
                );
                create table if not exists pipeline.dbt_node_results (
                    invocation_id varchar, build_id varchar, unique_id varchar, resource_type varchar,
                    status varchar, failures bigint, message varchar, finished_at timestamp
                );
                create or replace view intermediate.int_orders as
                    select 'shopify:order:' || i as order_key, 'ada' || i % 7 as customer_key,
                        cast(i as decimal(18, 4)) as net_amount, {self.generation} as generation
                    from range(50) as numbers(i);
                create or replace table marts.orders as select * from intermediate.int_orders;
                create or replace view marts.order_lines as
                    select order_key || ':1' as order_line_key, generation from "warehouse"."marts"."orders";
                create or replace table marts.customer_360 as
                    select customer_key, sum(net_amount) as net_amount, any_value(generation) as generation
                    from marts.orders group by customer_key;
                create or replace table marts.internal_helper as select 1 as x;
                create or replace view marts.customer_events as {self.events};
                create or replace table marts.orders__dbt_backup as select 'left by a killed run' as note;
                """
            )
            con.execute(
                "insert into pipeline.run_context values (?, ?, ?, false, 'EUR', ?, ?)",
                [
                    self.build_id,
                    self.as_of_at,
                    self.as_of_at,
                    live.version if live else None,
                    self.started_at,
                ],
            )
            con.execute(
                "insert into pipeline.source_report values (?, 'shopify', 'shopify', 'order', 'ok', 50, ?, null)",
                [self.build_id, self.as_of_at],
            )

    def invoke(
        self,
        name: str,
        nodes: list[str],
        *,
        build_id: str | None = "",
        statuses: dict[str, str] | None = None,
        finished: bool = True,
        graph_hash: str | None = None,
        **arguments: Any,
    ) -> None:
        """One dbt invocation that ran `nodes`; `statuses` holds those that did not succeed."""
        owner = self.build_id if build_id == "" else build_id
        statuses = statuses or {}
        now = datetime.now(UTC).replace(tzinfo=None)
        graph_hash = graph_hash or manifest_fingerprint(self.manifest)
        head = [f"{self.build_id}-{name}", owner, "build", json.dumps(arguments), graph_hash]
        results: list[Any] = []
        with self._connected() as con:
            insert = "insert into pipeline.dbt_invocations values (?, ?, ?, ?, ?, ?, ?, ?)"
            con.execute(insert, [*head, now, None, "started"])
            for unique_id in nodes:
                status = statuses.get(unique_id, "pass" if unique_id.startswith("test.") else "success")
                results += [head[0], owner, unique_id, unique_id.split(".")[0], status, now]
            if results:
                rows = ", ".join(["(?, ?, ?, ?, ?, null, null, ?)"] * len(nodes))
                con.execute(f"insert into pipeline.dbt_node_results values {rows}", results)
            if finished:
                failed = set(statuses.values()) - {"warn"}
                end = [now - timedelta(seconds=1), datetime.now(UTC).replace(tzinfo=None)]
                con.execute(insert, [*head, *end, "failed" if failed else "success"])

    def write_manifest(self) -> None:
        target = self.settings.out / "target"
        target.mkdir(exist_ok=True)
        (target / "manifest.json").write_text(json.dumps(self.manifest))


def pass_audit(settings: Settings, candidate_of: str, **changes: Any) -> Path:
    """The record of an audit that found nothing; Great Expectations itself is tested in tests/python/quality."""
    candidate = Candidate.read(candidate_dir(settings, candidate_of))
    path = candidate.folder / AUDIT_FILE
    record = {
        "build_id": candidate_of,
        "file_sha256": sha256(candidate.marts_path),
        "candidate_sha256": sha256(candidate.folder / CANDIDATE_FILE),
        "passed": True,
        "audited_at": "2025-02-01T00:00:00",
        "seconds": 0.0,
        "engine": "test",
        "rules": [],
    }
    write_json(path, {**record, **changes})
    return path
