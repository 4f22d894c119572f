"""Kept versions without a person: written as new files, audited and sealed again, the old ones gone.

Belongs here: what of a published file stays, and how its folder changes hands. Does not: who is erased (erase.py).

A DELETE leaves the bytes in a DuckDB file, so the file is written anew beside the version, in `published/.erasing/`.
Once that folder is sealed, its files replace those of the version one by one, the marts first: a reader opens the old
file or the new one, both whole and of the same version. A crash before the seal leaves the version as it was; after
it, the next build goes on replacing.
"""

import logging
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import disk_errors, fsync, read_json, remove_folder, sha256, write_json
from crm_warehouse.publish.layout import (
    AUDIT_FILE,
    CANDIDATE_FILE,
    MANIFEST_FILE,
    MARTS_FILE,
    Candidate,
    PublishedVersion,
)
from crm_warehouse.publish.publish import seal
from crm_warehouse.publish.stage import READ_ONLY, STORAGE_VERSION
from crm_warehouse.publish.versions import list_versions
from crm_warehouse.quality.run import audit_folder
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

DELETE, ANONYMIZE, KEEP_KEY = "delete", "anonymize", "keep_key"
"""What `meta.on_erasure` of a mart says: its rows go; they stay without the person; they keep the key as a tombstone."""

CUSTOMER_KEY = "customer_key"
_REMADE = {CANDIDATE_FILE, AUDIT_FILE, MANIFEST_FILE}


def rewrite_versions(settings: Settings, record_keys: set[str]) -> list[str]:
    """Take the customers who hold these source records out of every kept version.

    Returns:
        The versions that held one of them; the others are untouched.

    Raises:
        WarehouseError: the live version does not pass its audit without them. An older one that does not is deleted.
    """
    rewritten = []
    for version in list_versions(settings):
        keys = _customers(version, record_keys)
        if not keys:
            continue
        with disk_errors(f"rewrite version {version.version}"):
            _rewrite(settings, version, keys)
        rewritten.append(version.version)
    return rewritten


def finish_rewriting(settings: Settings) -> None:
    """Complete what a crash left: sealed folders take their place, others are thrown away."""
    folder = _workshop(settings)
    if not folder.is_dir():
        return
    with disk_errors("finish rewriting a version"):
        for work in sorted(folder.iterdir()):
            version = settings.published_dir / "versions" / work.name
            if (work / MANIFEST_FILE).exists() and version.is_dir():
                _replace(work, version)
            remove_folder(work)
        folder.rmdir()


def _workshop(settings: Settings) -> Path:
    return settings.published_dir / ".erasing"


def _customers(version: PublishedVersion, record_keys: set[str]) -> list[str]:
    with duckdb.connect(str(version.marts_path), read_only=True) as con:
        rows = con.execute(
            "select distinct customer_key from customer_identifiers where list_contains($1, record_key)",
            [sorted(record_keys)],
        ).fetchall()
    return [row[0] for row in rows]


def _rewrite(settings: Settings, version: PublishedVersion, keys: list[str]) -> None:
    logger.info("rewriting version %s", version.version)
    work = _workshop(settings) / version.version
    remove_folder(work)
    work.mkdir(parents=True)
    old = Candidate.read(version.folder)
    row_counts = _copy_marts(settings, version, work / MARTS_FILE, keys)
    _copy_documents(version.folder, work)
    record = {
        **old.record,
        "files": {MARTS_FILE: {"sha256": sha256(work / MARTS_FILE), "bytes": (work / MARTS_FILE).stat().st_size}},
        "tables": {name: table | {"rows": row_counts[name]} for name, table in old.tables.items()},
        "rewritten": [
            *old.record.get("rewritten", []),
            {"at": datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(), "reason": "erasure"},
        ],
    }
    write_json(work / CANDIDATE_FILE, record)
    report = audit_folder(work)
    if not report.passed:
        _give_up(version, [rule.rule for rule in report.failed])
    else:
        seal(Candidate.read(work), read_json(work / AUDIT_FILE))
        _replace(work, version.folder)
    remove_folder(work)


def _give_up(version: PublishedVersion, failed: list[str]) -> None:
    """Nobody may see an unaudited version, and nobody may see the person: an old version then has to go."""
    if version.is_live:
        raise WarehouseError(
            f"The live version {version.version} does not pass its audit without the erased people: "
            f"{', '.join(failed)}. They are still in it. Fix the rules or roll back, then build again."
        )
    logger.warning("version %s fails %s without erased people: deleted", version.version, ", ".join(failed))
    # Without its seal it is no version, whatever is left of it.
    (version.folder / MANIFEST_FILE).unlink()
    remove_folder(version.folder)


def _replace(work: Path, version: Path) -> None:
    """Move every file of the sealed folder over its predecessor, the seal last; delete what has no successor."""
    files = sorted(path.relative_to(work) for path in work.rglob("*") if path.is_file())
    files.sort(key=lambda name: (name == Path(MANIFEST_FILE), name != Path(MARTS_FILE)))
    sealed = set(read_json(work / MANIFEST_FILE)["files"]) | {MANIFEST_FILE}
    for name in files:
        target = version / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(target)
        fsync(target.parent)
    for path in [path for path in version.rglob("*") if path.is_file()]:
        if path.relative_to(version).as_posix() not in sealed:
            path.unlink()


def _copy_documents(old: Path, work: Path) -> None:
    """Reports and the like, which hold no rows."""
    for path in sorted(path for path in old.rglob("*") if path.is_file()):
        name = path.relative_to(old)
        if str(name) in _REMADE or path.suffix in {".duckdb", ".parquet"}:
            continue
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, work / name)


def _copy_marts(settings: Settings, version: PublishedVersion, target: Path, keys: list[str]) -> dict[str, int]:
    """Write the version's tables and views without these customers; rows per relation."""
    with duckdb.connect(":memory:", config={"memory_limit": settings.memory_limit}) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {_text(version.marts_path)} as old (read_only)")
        con.execute(f"attach {_text(target)} as fresh (storage_version {_text(STORAGE_VERSION)})")
        con.execute("create temp table erased (customer_key varchar)")
        con.execute("insert into erased select unnest($1)", [keys])
        con.execute("use fresh")
        con.execute("begin")
        for (name,) in _relations(con, "duckdb_tables", "table_name"):
            rule = version.manifest["tables"].get(name, {})
            con.execute(f"create table {_name(name)} as {_remaining(con, name, rule)}")
        for name, sql in _relations(con, "duckdb_views", "view_name, sql"):
            del name
            con.execute(sql)
        _copy_comments(con)
        con.execute("commit")
        counts = {name: _count(con, name) for name in version.manifest["tables"]}
        con.execute("use memory")
        con.execute("checkpoint fresh")
        con.execute("detach fresh")
    target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    target.chmod(READ_ONLY)
    fsync(target)
    return counts


def _relations(con: duckdb.DuckDBPyConnection, catalogue: str, columns: str) -> list[tuple[Any, ...]]:
    internal = " and not internal" if catalogue == "duckdb_views" else ""
    return con.execute(
        f"select {columns} from {catalogue}() where database_name = 'old' and schema_name = 'main'{internal} order by all"
    ).fetchall()


def _remaining(con: duckdb.DuckDBPyConnection, name: str, rule: dict[str, Any]) -> str:
    """The rows of one table that stay, as `meta.on_erasure` of its mart says."""
    columns = [row[0] for row in con.execute(f"describe old.main.{_name(name)}").fetchall()]
    if CUSTOMER_KEY not in columns:
        return f"from old.main.{_name(name)}"
    theirs = f"{CUSTOMER_KEY} in (select customer_key from erased)"
    action = rule.get("on_erasure", DELETE)
    if action == DELETE:
        return f"from old.main.{_name(name)} where not coalesce({theirs}, false)"
    lost = [column for column in columns if column in rule["personal"]]
    if action == ANONYMIZE:
        lost.append(CUSTOMER_KEY)
    replaced = ", ".join(f"case when {theirs} then null else {_name(c)} end as {_name(c)}" for c in lost)
    return f"select *{f' replace ({replaced})' if lost else ''} from old.main.{_name(name)}"


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    for kind in ("table", "view"):
        for name, comment in _relations(con, f"duckdb_{kind}s", f"{kind}_name, comment"):
            if comment:
                con.execute(f"comment on {kind} {_name(name)} is {_text(comment)}")
    for table, column, comment in _relations(con, "duckdb_columns", "table_name, column_name, comment"):
        if comment:
            con.execute(f"comment on column {_name(table)}.{_name(column)} is {_text(comment)}")


def _count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(con.execute(f"select count(*) from {_name(name)}").fetchall()[0][0])


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
