"""dbt in this process: parse once, then run selections and hand back what each node did.

Belongs here: how dbt is called. Does not: which steps a build has (orchestration/) or what proves it (publish/).

dbt's own start-up and parse cost more CPU than the sample shop's models, and `dbt --version`, which dagster-dbt's
subprocess resource calls, asks PyPI. One resident runner with its manifest avoids both.
"""

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_warehouse.custody import custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.failures import FailedTest, keep_failing_rows, without_values
from crm_warehouse.settings import PROJECT_DIR, Settings, environment

logger = logging.getLogger(__name__)

FIT_BOUNDARY = "source:pipeline.clv_fits+ source:pipeline.message_sentiments+"
"""Everything that reads what Python computes; a build runs the rest first, then the Python steps, then this."""

_SUCCESS = {"success", "pass", "warn", "no-op"}
_PROJECT_INPUTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "snapshots", "tests/dbt")
_parsed: dict[tuple[Path, tuple[str, ...]], Any] = {}


@dataclass(frozen=True)
class NodeResult:
    """What one dbt node did in one invocation.

    Attributes:
        unique_id: dbt's id of the model, seed or test.
        status: dbt's word: success, error, skipped, pass, fail, warn.
        failures: Failing rows of a test; None for other nodes.
        seconds: Wall time of the node.
        message: dbt's message without values from the data; for a failed test, which rows it found.
    """

    unique_id: str
    status: str
    failures: int | None
    seconds: float
    message: str

    @property
    def is_ok(self) -> bool:
        """Whether the node did what it should; a warning is reported but does not block."""
        return self.status in _SUCCESS


@dataclass(frozen=True)
class DbtRun:
    """The outcome of one dbt invocation, in the order in which its nodes finished."""

    results: list[NodeResult] = field(default_factory=list)

    @property
    def failed(self) -> list[NodeResult]:
        """Nodes that erred or failed; skipped ones are their consequence and not listed."""
        return [r for r in self.results if not r.is_ok and r.status != "skipped"]


def build_arguments(*, after_fit: bool) -> list[str]:
    """The two selections that make up a build; the CLV fit runs in the gap between them.

    `buildable` keeps each test in exactly one of them: eager would run tests whose other parent is not built
    yet, cautious would skip tests that span both.
    """
    switch = "--select" if after_fit else "--exclude"
    return [
        "build",
        switch,
        FIT_BOUNDARY,
        "--indirect-selection",
        "buildable",
        "--exclude-resource-type",
        "unit_test",
    ]


def run_dbt(arguments: Sequence[str], *, settings: Settings, build_id: str, manifest: Any = None) -> DbtRun:
    """Run one dbt command against `settings`' warehouse and release the database afterwards.

    Args:
        arguments: The command and its options.
        settings: The warehouse.
        build_id: Goes into the ledger.
        manifest: A parsed project to run instead of parsing it again; for processes that build many times.

    Raises:
        WarehouseError: dbt could not start (a parse or compilation error). Failing nodes do not raise: they are
            in the result, their failing rows in the warehouse's schema `failures`, and publishing refuses them.
    """
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    # What profiles.yml and the ledger hooks read.
    variables = {**settings.to_env(), "CRM_BUILD_ID": build_id, "DO_NOT_TRACK": "1"}
    with environment(variables), custody(settings, build_id, f"dbt {arguments[0]}"):
        try:
            outcome = dbtRunner(manifest, callbacks=[_Progress()]).invoke(
                [*arguments, *_common_arguments(settings)]
            )
        finally:
            _release_database()
            _remove_messages()
    if not isinstance(outcome.result, RunExecutionResult):
        reason = without_values(str(outcome.exception or ""))
        raise WarehouseError(f"dbt {arguments[0]} did not run: {reason}. Fix the project and build again.")
    return DbtRun(_with_failing_rows(outcome.result.results, settings, build_id))


def _with_failing_rows(results: Sequence[Any], settings: Settings, build_id: str) -> list[NodeResult]:
    tests = [
        FailedTest(r.node.name, r.node.compiled_code, getattr(r.node, "column_name", None), r.failures)
        for r in results
        if r.node.resource_type == "test" and str(r.status) == "fail"
    ]
    found = keep_failing_rows(settings, build_id, tests) if tests else {}
    nodes = [_node_result(result, found.get(result.node.name)) for result in results]
    for node in DbtRun(nodes).failed:
        logger.error("%s: %s", node.unique_id.split(".")[2], node.message)
    return nodes


def _remove_messages() -> None:
    """Take dbt's messages, which quote values, out of the artifact it leaves on disk."""
    path = target_dir() / "run_results.json"
    if path.exists():
        content = json.loads(path.read_text())
        for result in content["results"]:
            result["message"] = without_values(result["message"]) if result["message"] else None
        path.write_text(json.dumps(content))


def ensure_manifest(settings: Settings | None = None) -> Path:
    """The project's manifest, parsed again only when a project file is newer.

    Args:
        settings: The warehouse whose project vars count, since lineage depends on them. A manifest does not say with
            which it was parsed, so with vars of its own dbt looks itself what has changed.
    """
    manifest = target_dir() / "manifest.json"
    has_own_vars = settings is not None and bool(settings.var_overrides)
    if has_own_vars or not manifest.exists() or manifest.stat().st_mtime < _newest_input():
        parse_project(settings)
    return manifest


def parse_project(settings: Settings | None = None) -> Any:
    """Write the project's manifest and return it, for `run_dbt` in processes that build many times.

    Raises:
        WarehouseError: dbt cannot parse the project.
    """
    from dbt.cli.main import dbtRunner

    arguments = _common_arguments(settings)
    outcome = dbtRunner().invoke(["parse", *arguments])
    if not outcome.success:
        raise WarehouseError(f"dbt could not parse the project: {outcome.exception}")
    _parsed[target_dir(), tuple(arguments)] = outcome.result
    return outcome.result


def parsed_project(settings: Settings) -> Any:
    """What `parse_project` returned last in this process, so that all of a build runs one state of the project."""
    return _parsed.get((target_dir(), tuple(_common_arguments(settings)))) or parse_project(settings)


def read_manifest(settings: Settings | None = None) -> dict[str, Any]:
    """The parsed manifest as a dictionary; see `ensure_manifest`."""
    manifest: dict[str, Any] = json.loads(ensure_manifest(settings).read_text())
    return manifest


def target_dir() -> Path:
    """Where dbt writes its artifacts; each warehouse built side by side has its own."""
    return Path(os.environ.get("DBT_TARGET_PATH", PROJECT_DIR / "target"))


def _common_arguments(settings: Settings | None) -> list[str]:
    # dbt's console and log file quote values from the data; progress and errors come from the callback.
    arguments = ["--log-level", "none", "--log-level-file", "none"]
    arguments += ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
    if settings and settings.var_overrides:
        arguments += ["--vars", json.dumps(settings.var_overrides)]
    return arguments


def _newest_input() -> float:
    files = (
        file
        for name in _PROJECT_INPUTS
        for file in [PROJECT_DIR / name, *(PROJECT_DIR / name).rglob("*")]
        if file.is_file()
    )
    return max(file.stat().st_mtime for file in files)


def _release_database() -> None:
    """Close dbt's DuckDB handle: it outlives the invocation and would lock out the next step."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]  # dbt has no types here
    reset_adapters()  # type: ignore[no-untyped-call]  # dbt has none here either


def _node_result(result: Any, failing_rows: str | None) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        status=str(result.status),
        failures=result.failures,
        seconds=round(result.execution_time, 3),
        message=failing_rows or _message(result),
    )


def _message(result: Any) -> str:
    # A unit test's difference shows its own fixture, never the shop's data.
    is_unit_test = result.node.resource_type == "unit_test"
    message: str = result.message or ""
    return message if is_unit_test or not message else without_values(message)


class _Progress:
    """Turns dbt's node events into one log line each: `[12/180] OK model orders 0.21s`."""

    _PATTERN = re.compile(r"(LogModelResult|LogSeedResult|LogSnapshotResult|LogTestResult)")

    def __call__(self, event: Any) -> None:
        if not self._PATTERN.fullmatch(event.info.name):
            return
        data = event.data
        name = data.node_info.node_name
        total = getattr(data, "total", 0) or data.num_models  # tests name the same figure differently
        status = data.node_info.node_status
        level = logging.INFO if status in _SUCCESS else logging.ERROR
        logger.log(level, "[%d/%d] %s %s %.2fs", data.index, total, status, name, data.execution_time)


def row_counts(settings: Settings, manifest: Mapping[str, Any]) -> dict[str, int]:
    """Rows per table-materialized node, from DuckDB's catalog: exact after a build, and free."""
    import duckdb

    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        sizes = connection.sql(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    by_relation = {(schema, table): rows for schema, table, rows in sizes}
    return {
        unique_id: by_relation[node["schema"], node["alias"]]
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed"} and (node["schema"], node["alias"]) in by_relation
    }
