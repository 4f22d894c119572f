"""Kept versions without a person: written as new files, audited and sealed again, the old ones gone.

Belongs here: what of a published file stays, and how its folder changes hands. Does not: who is erased (erase.py).

A DELETE leaves the bytes in a DuckDB file, so the file is written anew beside the version, in `published/.erasing/`.
Once that folder is sealed, its files replace those of the version one by one, the marts first: a reader opens the old
file or the new one, both whole and of the same version. A crash before the seal leaves the version as it was; after
it, the next build goes on replacing.
"""

import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.publish.files import (
    disk_errors,
    files_below,
    fsync,
    read_json,
    remove_folder,
    sha256,
    write_json,
)
from crm_warehouse.publish.layout import (
    AUDIT_FILE,
    CANDIDATE_FILE,
    IMPERSONAL_FILE,
    MANIFEST_FILE,
    MARTS_FILE,
    PARQUET_DIR,
    SITE_FILE,
    Candidate,
    PublishedVersion,
)
from crm_warehouse.publish.parquet import export_parquet
from crm_warehouse.publish.publish import seal
from crm_warehouse.publish.stage import READ_ONLY, STORAGE_VERSION, Mart, published_marts
from crm_warehouse.publish.versions import list_versions
from crm_warehouse.quality.run import audit_folder
from crm_warehouse.report.documents import renew_site
from crm_warehouse.settings import Settings
from crm_warehouse.transform import read_manifest

logger = logging.getLogger(__name__)

DELETE, ANONYMIZE, KEEP_KEY = "delete", "anonymize", "keep_key"
"""What `meta.on_erasure` of a mart says: rows go; rows stay without the person; rows keep the key as a tombstone."""

CUSTOMER_KEY = "customer_key"
_REMADE = {CANDIDATE_FILE, AUDIT_FILE, MANIFEST_FILE, SITE_FILE}


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


def customers_of(settings: Settings, record_keys: set[str]) -> set[str]:
    """Keys that any kept version has for whoever holds these source records."""
    return {key for version in list_versions(settings) for key in _customers(version, record_keys)}


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
    row_counts = _copy_marts(settings, version, work, keys)
    _copy_documents(version.folder, work)
    record = {
        **old.record,
        "files": {
            MARTS_FILE: {"sha256": sha256(work / MARTS_FILE), "bytes": (work / MARTS_FILE).stat().st_size}
        },
        "tables": {name: table | {"rows": row_counts[name]} for name, table in old.tables.items()},
        "rewritten": [
            *old.record.get("rewritten", []),
            {"at": datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(), "reason": "erasure"},
        ],
    }
    write_json(work / CANDIDATE_FILE, record)
    if (version.folder / PARQUET_DIR).is_dir():
        export_parquet(settings, Candidate.read(work))
    if (version.folder / SITE_FILE).exists():
        renew_site(settings, work)
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
    files = sorted(files_below(work), key=lambda name: (name == MANIFEST_FILE, name != MARTS_FILE))
    sealed = set(read_json(work / MANIFEST_FILE)["files"]) | {MANIFEST_FILE}
    for name in files:
        target = version / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(target)
        fsync(target.parent)
    for name, path in files_below(version).items():
        if name not in sealed:
            path.unlink()


def _copy_documents(old: Path, work: Path) -> None:
    """What is written about the version and holds no rows."""
    for path in files_below(old).values():
        name = path.relative_to(old)
        if str(name) in _REMADE or path.suffix in {".duckdb", ".parquet"}:
            continue
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, work / name)


def _copy_marts(settings: Settings, version: PublishedVersion, work: Path, keys: list[str]) -> dict[str, int]:
    """Write the version's files without these customers, as staging wrote them; rows per relation."""
    copy = _Copy(settings, version, keys)
    path, impersonal = work / MARTS_FILE, work / IMPERSONAL_FILE
    personal = {name for name, rule in copy.rules.items() if rule["personal"]}
    copy.write(path, lambda name: name not in personal, views=False)
    files = [path]
    if (version.folder / IMPERSONAL_FILE).exists():
        shutil.copyfile(path, impersonal)
        copy.write(impersonal, personal.__contains__, impersonal=True)
        files.append(impersonal)
    copy.write(path, personal.__contains__)
    for file in files:
        file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
        file.chmod(READ_ONLY)
        fsync(file)
    with duckdb.connect(str(path), read_only=True) as con:
        return {name: _count(con, name) for name in version.manifest["tables"]}


def marts_of_today() -> dict[str, Mart]:
    """The marts as the project declares them now."""
    return {mart.name: mart for mart in published_marts(read_manifest())}


class _Copy:
    """Tables and views of one version on their way into new files."""

    def __init__(self, settings: Settings, version: PublishedVersion, keys: list[str]) -> None:
        self.settings = settings
        self.old = version.marts_path
        self.keys = keys
        today = marts_of_today()
        self.compressions = {name: mart.compressions for name, mart in today.items()}
        # A version that does not say it itself is of an older project.
        self.rules: dict[str, dict[str, Any]] = {
            name: {
                "personal": [column["name"] for column in table["columns"] if column.get("personal")],
                "on_erasure": table.get("on_erasure") or (today[name].on_erasure if name in today else None),
            }
            for name, table in version.manifest["tables"].items()
        }

    def write(
        self, target: Path, is_wanted: Callable[[str], bool], *, views: bool = True, impersonal: bool = False
    ) -> None:
        """Add the wanted tables to a file, and as the last step its views."""
        with duckdb.connect(":memory:", config={"memory_limit": self.settings.memory_limit}) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"attach {literal(str(self.old))} as old (read_only)")
            con.execute(
                f"attach {literal(str(target))} as fresh (storage_version {literal(str(STORAGE_VERSION))})"
            )
            con.execute("create temp table erased (customer_key varchar)")
            con.execute("insert into erased select unnest($1)", [self.keys])
            con.execute("use fresh")
            con.execute("begin")
            for (name,) in _relations(con, "duckdb_tables", "table_name"):
                if is_wanted(name):
                    self._write_table(con, name, impersonal=impersonal)
            if views:
                for name, sql in _relations(con, "duckdb_views", "view_name, sql"):
                    if not (impersonal and self._personal(name)):
                        con.execute(sql)
                _copy_comments(con)
            con.execute("commit")
            con.execute("use memory")
            con.execute("checkpoint fresh")
            con.execute("detach fresh")

    def _personal(self, name: str) -> list[str]:
        return self.rules[name]["personal"] if name in self.rules else []

    def _write_table(self, con: duckdb.DuckDBPyConnection, name: str, *, impersonal: bool) -> None:
        left_out = self._personal(name) if impersonal else []
        described = con.execute(f"describe old.main.{identifier(name)}").fetchall()
        kinds = {column: kind for column, kind, *_ in described if column not in left_out}
        methods = self.compressions.get(name, {})
        columns = ", ".join(
            f"{identifier(column)} {kind}{f' using compression {methods[column]}' if column in methods else ''}"
            for column, kind in kinds.items()
        )
        con.execute(f"create table {identifier(name)} ({columns})")
        con.execute(f"insert into {identifier(name)} {self._remaining(name, list(kinds))}")

    def _remaining(self, name: str, columns: list[str]) -> str:
        """The rows of one table that stay, as `meta.on_erasure` of its mart says."""
        if CUSTOMER_KEY not in columns:
            return f"select {', '.join(map(identifier, columns))} from old.main.{identifier(name)}"
        theirs = f"coalesce({CUSTOMER_KEY} in (select customer_key from erased), false)"
        action = self.rules.get(name, {}).get("on_erasure") or DELETE
        lost = set(self._personal(name)) | ({CUSTOMER_KEY} if action == ANONYMIZE else set())
        values = ", ".join(
            f"case when {theirs} then null else {identifier(column)} end"
            if column in lost
            else identifier(column)
            for column in columns
        )
        if action == DELETE:
            return f"select {', '.join(map(identifier, columns))} from old.main.{identifier(name)} where not {theirs}"
        return f"select {values} from old.main.{identifier(name)}"


def _relations(con: duckdb.DuckDBPyConnection, catalogue: str, columns: str) -> list[tuple[Any, ...]]:
    internal = " and not internal" if catalogue == "duckdb_views" else ""
    return con.execute(
        f"select {columns} from {catalogue}() where database_name = 'old' and schema_name = 'main'{internal} "
        "order by all"
    ).fetchall()


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    there = {
        row[:2]
        for row in con.execute(
            "select table_name, column_name from duckdb_columns() where database_name = 'fresh'"
        ).fetchall()
    }
    tables = {name for name, _ in there}
    for kind in ("table", "view"):
        for name, comment in _relations(con, f"duckdb_{kind}s", f"{kind}_name, comment"):
            if comment and name in tables:
                con.execute(f"comment on {kind} {identifier(name)} is {literal(str(comment))}")
    for table, column, comment in _relations(con, "duckdb_columns", "table_name, column_name, comment"):
        if comment and (table, column) in there:
            con.execute(
                f"comment on column {identifier(table)}.{identifier(column)} is {literal(str(comment))}"
            )


def _count(con: duckdb.DuckDBPyConnection, name: str) -> int:
    return int(con.execute(f"select count(*) from {identifier(name)}").fetchall()[0][0])
