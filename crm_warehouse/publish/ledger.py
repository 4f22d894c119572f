"""The proof that the warehouse holds one complete, tested build and nothing else.

Belongs here: reading dbt's ledger (written by macros/ledger.sql) against the manifest. Does not: writing it,
or anything about files.

A green process is no proof: a subset run from the UI, a skipped test or a dbt command typed between two steps
all end without an error. What counts is what every node did, as the warehouse itself recorded it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings

_BUILT_TYPES = {"model", "seed", "snapshot", "test"}
_GOOD_STATUSES = {"success", "pass", "warn", "no-op"}
# Each of these makes dbt report success for something that is not the whole, current data.
_PARTIAL_ARGUMENTS = ("empty", "sample", "defer")
# What decides how hard a test is and how a model is stored; a changed one is another project.
_FINGERPRINTED_CONFIG = ("materialized", "severity", "warn_if", "error_if", "where", "limit")
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class RunContext:
    """The one row of pipeline.run_context: which build ingested what the warehouse holds."""

    build_id: str
    as_of_at: datetime
    as_of_date: date
    live_version: str | None
    started_at: datetime


@dataclass(frozen=True)
class Invocation:
    """One dbt invocation: a start row in the ledger, and an end row unless it was interrupted."""

    invocation_id: str
    build_id: str | None
    command: str
    arguments: dict[str, Any]
    graph_hash: str
    started_at: datetime
    finished_at: datetime | None
    status: str

    def __str__(self) -> str:
        return f"`dbt {self.command}` of {self.started_at:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class BuildProof:
    """What was proven about a build.

    Attributes:
        context: The build's run context.
        invocation_ids: dbt invocations of the build, oldest first.
        graph_hash: Fingerprint of the project they ran.
        node_count: Models, seeds, snapshots and data tests that succeeded.
        warnings: Those of them that ended with a warning.
    """

    context: RunContext
    invocation_ids: list[str]
    graph_hash: str
    node_count: int
    warnings: list[str]


def prove_build(settings: Settings, build_id: str, manifest: Mapping[str, Any]) -> BuildProof:
    """Prove that the warehouse is what `build_id` made, completely and with every test passed.

    Raises:
        WarehouseError: naming the first proof that is missing.
    """
    context, invocations, results = _read_ledger(settings, build_id)
    graph_hash = manifest_fingerprint(manifest)
    _check_invocations(invocations, build_id, graph_hash)
    expected = expected_nodes(manifest)
    order = {invocation.invocation_id: number for number, invocation in enumerate(invocations)}
    warnings = _check_nodes(expected, results, order)
    _refuse(
        [name for name in warnings if not _may_warn(expected[name], date.today())],
        "warn without an owner and an end date, or longer than theirs (`meta: {owner: …, until: …}`)",
    )
    unsuccessful = [invocation for invocation in invocations if invocation.status != "success"]
    if unsuccessful:
        raise WarehouseError(f"{unsuccessful[0]} did not succeed. Build again.")
    return BuildProof(context, list(order), graph_hash, len(expected), warnings)


def expected_nodes(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every node that a complete build runs; unit tests guard code, not data, and belong to CI."""
    return {
        unique_id: node
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in _BUILT_TYPES and node["config"].get("materialized") != "ephemeral"
    }


def manifest_fingerprint(manifest: Mapping[str, Any]) -> str:
    """The hash that macros/ledger.sql writes for the project an invocation ran; the two must stay alike."""
    lines = []
    for unique_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] in _BUILT_TYPES:
            config = [node["config"].get(name, "") for name in _FINGERPRINTED_CONFIG]
            lines.append("|".join(map(str, [unique_id, node["checksum"]["checksum"], *config])))
    return hashlib.md5("\n".join(lines).encode(), usedforsecurity=False).hexdigest()


def _read_ledger(
    settings: Settings, build_id: str
) -> tuple[RunContext, list[Invocation], list[tuple[str, str, str]]]:
    if not settings.warehouse_path.exists():
        raise WarehouseError(f"There is no warehouse at {settings.warehouse_path}. Build it first.")
    try:
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
            context = _read_context(con, build_id)
            return context, _read_invocations(con, context.started_at), _read_results(con, build_id)
    except duckdb.CatalogException as error:
        raise WarehouseError(
            f"The warehouse has no complete record of its builds ({_first_line(error)}). Build again."
        ) from error
    except duckdb.IOException as error:
        raise WarehouseError(
            f"Cannot read the warehouse: {_first_line(error)}. Close what holds it open."
        ) from error


def _read_context(con: duckdb.DuckDBPyConnection, build_id: str) -> RunContext:
    rows = con.execute(
        "select build_id, as_of_at, as_of_date, live_version, started_at from pipeline.run_context"
    ).fetchall()
    if len(rows) != 1:
        raise WarehouseError(f"pipeline.run_context has {len(rows)} rows instead of one. Build again.")
    context = RunContext(*rows[0])
    if context.build_id != build_id:
        raise WarehouseError(
            f"The warehouse was ingested by build {context.build_id}, not by build {build_id}. "
            "Publish from the run that ingested, or build again."
        )
    return context


def _read_invocations(con: duckdb.DuckDBPyConnection, since: datetime) -> list[Invocation]:
    """Invocations that touched the warehouse after `since`, each folded from its start and end row."""
    rows = con.execute(
        """
        select
            invocation_id, any_value(build_id), any_value(command), any_value(arguments),
            any_value(graph_hash), min(started_at), max(finished_at), max_by(status, finished_at is not null)
        from pipeline.dbt_invocations
        group by invocation_id
        having greatest(min(started_at), coalesce(max(finished_at), min(started_at))) >= ?
        order by min(started_at), invocation_id
        """,
        [since],
    ).fetchall()
    return [
        Invocation(
            invocation_id, owner, command, json.loads(arguments or "{}"), graph_hash, start, end, status
        )
        for invocation_id, owner, command, arguments, graph_hash, start, end, status in rows
    ]


def _read_results(con: duckdb.DuckDBPyConnection, build_id: str) -> list[tuple[str, str, str]]:
    return con.execute(
        "select invocation_id, unique_id, status from pipeline.dbt_node_results where build_id = ?",
        [build_id],
    ).fetchall()


def _check_invocations(invocations: list[Invocation], build_id: str, graph_hash: str) -> None:
    for invocation in invocations:
        _check_invocation(invocation, build_id, graph_hash)
    if not invocations:
        raise WarehouseError(f"The ledger has no dbt invocation of build {build_id}. Build again.")
    if len({json.dumps(i.arguments.get("vars"), sort_keys=True) for i in invocations}) > 1:
        raise WarehouseError("The dbt invocations of this build ran with different --vars. Build again.")


def _check_invocation(invocation: Invocation, build_id: str, graph_hash: str) -> None:
    if invocation.build_id != build_id:
        raise WarehouseError(
            f"Another dbt invocation changed the warehouse after this build's ingest: {invocation}, "
            f"build {invocation.build_id or 'none (typed by hand)'}. Build again."
        )
    if invocation.finished_at is None:
        raise WarehouseError(f"{invocation} never finished: it was interrupted. Build again.")
    partial = [name for name in _PARTIAL_ARGUMENTS if invocation.arguments.get(name)]
    if partial:
        raise WarehouseError(f"{invocation} ran with --{partial[0]}, not on the whole data. Build again.")
    if invocation.graph_hash != graph_hash:
        raise WarehouseError(
            f"The manifest is not that of {invocation}: manifest.json is stale, or the project changed during "
            "the build. Build again."
        )


def _check_nodes(
    expected: Mapping[str, Mapping[str, Any]],
    results: Iterable[tuple[str, str, str]],
    order: Mapping[str, int],
) -> list[str]:
    """Check that every expected node succeeded, after everything it reads; return those that warned."""
    last: dict[str, int] = {}
    statuses: dict[str, set[str]] = {}
    for invocation_id, unique_id, status in results:
        last[unique_id] = max(last.get(unique_id, 0), order.get(invocation_id, 0))
        statuses.setdefault(unique_id, set()).add(status)
    _refuse([name for name, found in statuses.items() if found - _GOOD_STATUSES - {"skipped"}], "failed")
    _refuse([name for name, found in statuses.items() if "skipped" in found], "were skipped")
    _refuse([name for name in expected if name not in last], "did not run in this build")
    _refuse(
        [
            name
            for name, node in expected.items()
            if any(last.get(parent, -1) > last[name] for parent in node["depends_on"].get("nodes", []))
        ],
        "ran before something they read was built again",
    )
    return sorted(name for name, found in statuses.items() if "warn" in found)


def _may_warn(node: Mapping[str, Any], today: date) -> bool:
    """Whether somebody answers for a test that only warns, and its last day has not passed."""
    meta = node["config"].get("meta", {})
    try:
        return bool(meta.get("owner")) and date.fromisoformat(str(meta.get("until"))) >= today
    except ValueError:
        return False


def _refuse(names: list[str], problem: str) -> None:
    if not names:
        return
    shown = ", ".join(name.split(".", 2)[-1] for name in sorted(names)[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    raise WarehouseError(
        f"Not every node of the project is proven: {len(names)} {problem}: {shown}{more}. "
        "Fix the cause and run the whole build again."
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
