"""Write step: copy the marts of one proven build into a candidate file of their own.

Belongs here: which tables are published and how the file is made. Does not: judging its content
(crm_warehouse/quality) or showing it to readers (publish.py).
"""

import logging
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.custody import State, prove_custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest import recheck_inputs
from crm_warehouse.ingest.report import IngestReport
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.publish.files import disk_errors, fsync, read_json, remove_folder, sha256, write_json
from crm_warehouse.publish.layout import (
    CANDIDATE_FILE,
    IMPERSONAL_FILE,
    MARTS_FILE,
    Candidate,
    candidate_dir,
    staging_dir,
)
from crm_warehouse.publish.ledger import BuildProof, RunContext, prove_build
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.record import add_version_tables
from crm_warehouse.publish.versions import next_version
from crm_warehouse.publish.views import published_definition
from crm_warehouse.settings import PROJECT_DIR, Settings
from crm_warehouse.transform import target_dir

logger = logging.getLogger(__name__)

# DuckDB 2.0's own format cannot be read by 1.x; most BI drivers ship 1.2 or later.
STORAGE_VERSION = "v1.2.0"
READ_ONLY = 0o444
_VERSION_COLUMNS = {
    "version": "varchar",
    "as_of_at": "timestamp",
    "as_of_date": "date",
    "build_id": "varchar",
    "created_at": "timestamp",
    "git_revision": "varchar",
    "project_version": "varchar",
}


@dataclass(frozen=True)
class Mart:
    """A dbt model that readers get.

    Attributes:
        name: Table name, in the warehouse and in the published file.
        schema: Its schema in the warehouse.
        description: Of the table.
        column_descriptions: Column name to text.
        keys: Column lists that dbt tests as unique.
        sort_by: Columns to order rows by (`meta.sort_by`): neighbours that readers ask for together.
        owner: `meta.owner`.
        personal_columns: Columns declared `meta.personal`; one of the two files goes without them.
        is_compared: Whether the release gate compares it with the live version; not if it is itself a difference
            (`meta.compare: false`).
        is_view: Readers get the definition, over the published tables, instead of a copy (`meta.publish_as: view`).
        compressions: Column to how DuckDB stores it (`meta.compression` of the column). Without one DuckDB tries
            every method on every column, which for long texts costs more than writing them.
        on_erasure: What happens to an erased person's rows in versions that are kept (`meta.on_erasure`).
    """

    name: str
    schema: str
    description: str
    column_descriptions: dict[str, str]
    keys: list[list[str]]
    sort_by: list[str]
    owner: str | None
    personal_columns: frozenset[str]
    is_compared: bool
    is_view: bool
    compressions: dict[str, str]
    on_erasure: str | None


def stage_candidate(settings: Settings, build_id: str) -> Candidate:
    """Copy every mart of `build_id` into `published/.staging/<build_id>/` and seal the file with its hash.

    Raises:
        WarehouseError: the warehouse is not provably what this build made, its inputs changed since ingest, or
            the disk failed. Readers are not affected.
    """
    with writer_lock(settings, build_id):
        manifest = read_json(target_dir() / "manifest.json")
        proof = prove_build(settings, build_id, manifest)
        recheck_inputs(settings)
        state = prove_custody(settings, build_id)
        marts = published_marts(manifest)
        with disk_errors("stage the candidate"):
            remove_folder(staging_dir(settings))
            folder = candidate_dir(settings, build_id)
            folder.mkdir(parents=True)
            try:
                return _stage(settings, proof, state, marts, folder)
            except BaseException:
                # A candidate without its record can never be published; do not keep gigabytes of it.
                remove_folder(folder)
                raise


def published_marts(manifest: Mapping[str, Any]) -> list[Mart]:
    """The allow-list: models in models/marts/ that are stored as relations, unless `meta.publish` is false.

    The warehouse is never asked which tables it has: killed runs leave backups behind, and the table of a
    deleted model stays until somebody drops it.
    """
    project = manifest["metadata"]["project_name"]
    keys = _tested_keys(manifest)
    marts = [
        Mart(
            name=node["alias"],
            schema=node["schema"],
            description=node.get("description", ""),
            column_descriptions={c["name"]: c.get("description", "") for c in node["columns"].values()},
            keys=keys.get(unique_id, []),
            sort_by=list(node["config"].get("meta", {}).get("sort_by", [])),
            owner=node["config"].get("meta", {}).get("owner"),
            personal_columns=frozenset(
                column["name"]
                for column in node["columns"].values()
                if column.get("config", {}).get("meta", {}).get("personal")
            ),
            is_compared=bool(node["config"].get("meta", {}).get("compare", True)),
            is_view=node["config"].get("meta", {}).get("publish_as") == "view",
            compressions=_compressions(node),
            on_erasure=node["config"].get("meta", {}).get("on_erasure"),
        )
        for unique_id, node in sorted(manifest["nodes"].items())
        if _is_published(node, project)
    ]
    if not marts:
        raise WarehouseError("The project has no marts to publish: models/marts/ is empty in its manifest.")
    return marts


def _compressions(node: Mapping[str, Any]) -> dict[str, str]:
    """`meta.compression` of each column; that of the mart is for its texts without one of their own."""
    found = {}
    for column in node["columns"].values():
        default = node["config"]["meta"].get("compression") if column.get("data_type") == "string" else None
        if compression := column.get("config", {}).get("meta", {}).get("compression", default):
            found[column["name"]] = compression
    return found


def _is_published(node: Mapping[str, Any], project: str) -> bool:
    return bool(
        node["resource_type"] == "model"
        and node["fqn"][:2] == [project, "marts"]
        and node["config"].get("materialized") in {"table", "view", "incremental"}
        and node["config"].get("meta", {}).get("publish", True)
    )


def _tested_keys(manifest: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """Per model the keys that a hard `unique` test guards, plus multi-column ones from `meta.primary_key`."""
    keys: dict[str, list[list[str]]] = {}
    for unique_id, node in manifest["nodes"].items():
        declared = node["config"].get("meta", {}).get("primary_key")
        if isinstance(declared, list):
            keys.setdefault(unique_id, []).append(declared)
        test = node.get("test_metadata") or {}
        if test.get("name") == "unique" and node.get("attached_node") and not node["config"].get("where"):
            keys.setdefault(node["attached_node"], []).append([test["kwargs"]["column_name"]])
    return {unique_id: sorted(columns) for unique_id, columns in keys.items()}


def _stage(settings: Settings, proof: BuildProof, state: State, marts: list[Mart], folder: Path) -> Candidate:
    logger.info("copying %d marts into the candidate", len(marts))
    created_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    context = proof.context
    facts = version_facts(next_version(settings, created_at), context, created_at)
    path, impersonal_path = folder / MARTS_FILE, folder / IMPERSONAL_FILE
    with open_candidate(settings, path) as con:
        copy_marts(con, [mart for mart in marts if _is_shared(mart)], marts)
        sources = _source_report(con, context.build_id)
    # The large marts have nothing personal in them: copying their bytes costs next to nothing, writing them again as
    # much as the first time. Nothing personal may have been in the file before, since its free blocks are copied too.
    shutil.copyfile(path, impersonal_path)
    for file, own in ((path, marts), (impersonal_path, impersonal(marts))):
        with open_candidate(settings, file) as con:
            copy_marts(con, [mart for mart in own if not _is_shared(mart)], own, facts)
    tables = _describe(settings, path, marts)
    _check_impersonal(settings, impersonal_path, marts, tables)
    for file in (path, impersonal_path):
        schema_changes = add_version_tables(settings, file, facts, tables)
        file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
        file.chmod(READ_ONLY)
        fsync(file)
    record = {
        **facts,
        "live_version": context.live_version,
        "files": {f.name: {"sha256": sha256(f), "bytes": f.stat().st_size} for f in (path, impersonal_path)},
        "tables": tables,
        "schema_changes": schema_changes,
        "sources": sources,
        "freshness": _freshness(sources, context.as_of_at),
        "proof": {
            "dbt_invocations": proof.invocation_ids,
            "graph_hash": proof.graph_hash,
            "nodes": proof.node_count,
            "warnings": proof.warnings,
            "warehouse": state,
        },
    }
    write_json(folder / CANDIDATE_FILE, record)
    return Candidate.read(folder)


def version_facts(version: str, origin: RunContext | IngestReport, created_at: datetime) -> dict[str, Any]:
    """A file's own row of `warehouse_version`.

    Args:
        version: Version of the marts it holds or rests on.
        origin: The run that made it.
        created_at: When its tables were copied, UTC.
    """
    return {
        "version": version,
        "as_of_at": origin.as_of_at.isoformat(),
        "as_of_date": origin.as_of_date.isoformat(),
        "build_id": origin.build_id,
        "created_at": created_at.replace(microsecond=0).isoformat(),
        "git_revision": _git_revision(),
        "project_version": _project_version(),
    }


@contextmanager
def open_candidate(settings: Settings, candidate: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse and writes the candidate, closed with everything on disk."""
    warehouse = settings.warehouse_path
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(candidate.parent / ".tmp"),
        "memory_limit": settings.memory_limit,
        # A view's rows would otherwise wait in memory for their turn; `meta.sort_by` asks for an order where one helps.
        "preserve_insertion_order": False,
    }
    with duckdb.connect(":memory:", config=config) as con:
        con.execute("set TimeZone = 'UTC'")
        # Views name their database, and dbt names it after the file.
        con.execute(f"attach {literal(str(warehouse))} as {identifier(warehouse.stem)} (read_only)")
        con.execute(
            f"attach {literal(str(candidate))} as candidate (storage_version {literal(STORAGE_VERSION)})"
        )
        con.execute(f"use {identifier(warehouse.stem)}")
        yield con
        con.execute("checkpoint candidate")
        con.execute("detach candidate")
    remove_folder(candidate.parent / ".tmp")


def impersonal(marts: list[Mart]) -> list[Mart]:
    """The marts as readers get them who must not see who anybody is; a view of something personal is left out."""
    return [mart for mart in marts if not (mart.is_view and mart.personal_columns)]


def _is_shared(mart: Mart) -> bool:
    """Whether both files hold the same table."""
    return not mart.is_view and not mart.personal_columns


def _check_impersonal(
    settings: Settings, path: Path, marts: list[Mart], tables: Mapping[str, Mapping[str, Any]]
) -> None:
    """Check that the file has every row of the other and no column that is declared personal."""
    found = _describe(settings, path, impersonal(marts))
    for mart in impersonal(marts):
        columns = {column["name"] for column in found[mart.name]["columns"]}
        if columns & mart.personal_columns or found[mart.name]["rows"] != tables[mart.name]["rows"]:
            raise WarehouseError(
                f"{path.name} does not hold {mart.name} without its personal columns. Build again."
            )


def copy_marts(
    con: duckdb.DuckDBPyConnection,
    marts: list[Mart],
    all_marts: list[Mart],
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Copy marts, and last of all the version's own record, in one transaction."""
    is_impersonal = _is_impersonal(con)
    con.execute("begin")
    for mart in sorted(marts, key=lambda mart: mart.is_view):
        if mart.is_view:
            _create_view(con, mart, all_marts)
        else:
            _create_table(con, mart, without=mart.personal_columns if is_impersonal else frozenset())
        _comment(con, mart)
    if facts is not None:
        _record_version(con, facts)
    con.execute("commit")


def _is_impersonal(con: duckdb.DuckDBPyConnection) -> bool:
    rows = con.execute("select path from duckdb_databases() where database_name = 'candidate'").fetchall()
    return Path(rows[0][0]).name == IMPERSONAL_FILE


def _record_version(con: duckdb.DuckDBPyConnection, facts: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in _VERSION_COLUMNS.items())
    con.execute(f"create table candidate.main.warehouse_version ({columns})")
    listed, marks = ", ".join(_VERSION_COLUMNS), ", ".join("?" * len(_VERSION_COLUMNS))
    con.execute(
        f"insert into candidate.main.warehouse_version ({listed}) values ({marks})",  # noqa: S608 - our own names
        [facts[name] for name in _VERSION_COLUMNS],
    )


def _create_table(con: duckdb.DuckDBPyConnection, mart: Mart, *, without: frozenset[str]) -> None:
    source = f"{identifier(mart.schema)}.{identifier(mart.name)}"
    target = f"candidate.main.{identifier(mart.name)}"
    kinds = {
        name: kind for name, kind, *_ in con.execute(f"describe {source}").fetchall() if name not in without
    }
    columns = ", ".join(
        f"{identifier(name)} {kind}"
        + (f" using compression {mart.compressions[name]}" if name in mart.compressions else "")
        for name, kind in kinds.items()
    )
    con.execute(f"create table {target} ({columns})")
    order = f" order by {', '.join(map(identifier, mart.sort_by))}" if mart.sort_by else ""
    listed = ", ".join(map(identifier, kinds))
    con.execute(f"insert into {target} select {listed} from {source}{order}")  # noqa: S608 - names from the manifest, quoted


def _create_view(con: duckdb.DuckDBPyConnection, mart: Mart, marts: list[Mart]) -> None:
    tables = {(other.schema, other.name) for other in marts if not other.is_view}
    definition = published_definition(con, mart.schema, mart.name, tables)
    (warehouse,) = con.execute("select current_database()").fetchall()[0]
    # What a view reads is looked up when it is made.
    con.execute("use candidate")
    con.execute(f"create view main.{identifier(mart.name)} as {definition}")
    con.execute(f"use {identifier(warehouse)}")


def _comment(con: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Carry the documentation into the file, where BI tools show it."""
    relation = f"candidate.main.{identifier(mart.name)}"
    existing = {name for name, *_ in con.execute(f"describe {relation}").fetchall()}
    if mart.description:
        kind = "view" if mart.is_view else "table"
        con.execute(f"comment on {kind} {relation} is {literal(mart.description)}")
    for column, description in mart.column_descriptions.items():
        if description and column in existing:
            con.execute(f"comment on column {relation}.{identifier(column)} is {literal(description)}")


def _describe(settings: Settings, path: Path, marts: list[Mart]) -> dict[str, dict[str, Any]]:
    """What the finished file holds, by a connection that sees this file and nothing else.

    That proves of a view that it reads nothing from outside, be it a table or a file.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "memory_limit": settings.memory_limit,
    }
    with duckdb.connect(str(path), read_only=True, config=config) as con:
        try:
            return {mart.name: _describe_mart(con, mart) for mart in marts}
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.PermissionException) as error:
            raise WarehouseError(
                f"A published view reads something outside its file: {str(error).splitlines()[0]}"
            ) from error


def _describe_mart(con: duckdb.DuckDBPyConnection, mart: Mart) -> dict[str, Any]:
    relation = f"main.{identifier(mart.name)}"
    (rows,) = con.execute(f"select count(*) from {relation}").fetchall()[0]  # noqa: S608 - quoted
    columns = con.execute(f"describe {relation}").fetchall()
    return {
        "kind": "view" if mart.is_view else "table",
        "rows": rows,
        "columns": [
            {"name": name, "type": kind, "personal": name in mart.personal_columns}
            for name, kind, *_ in columns
        ],
        "keys": mart.keys,
        "is_compared": mart.is_compared,
        "owner": mart.owner,
        "on_erasure": mart.on_erasure,
    }


def _source_report(con: duckdb.DuckDBPyConnection, build_id: str) -> list[dict[str, Any]]:
    result = con.execute(
        "select * exclude (build_id) from pipeline.source_report where build_id = ?", [build_id]
    )
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _freshness(sources: list[dict[str, Any]], as_of_at: datetime) -> dict[str, dict[str, Any]]:
    """Per source its newest fact, and how many hours that lies before the as-of moment."""
    newest: dict[str, datetime] = {}
    for table in sources:
        if table["newest_at"]:
            name = table["source_name"]
            newest[name] = max(newest.get(name, table["newest_at"]), table["newest_at"])
    return {
        name: {"newest_at": at.isoformat(), "age_hours": round((as_of_at - at).total_seconds() / 3600, 1)}
        for name, at in sorted(newest.items())
    }


def _git_revision() -> str:
    """The checkout's commit, marked when files differ from it; `unknown` where there is no checkout."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "-C", str(PROJECT_DIR), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    return answer.stdout.strip() or "unknown"


def _project_version() -> str:
    found = re.search(r"^version: *(\S+)", (PROJECT_DIR / "dbt_project.yml").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"
