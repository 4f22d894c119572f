"""The private warehouse in a new file.

Belongs here: what survives when the old file goes. Does not: when that is (erase.py).

Deleted and replaced tables leave their bytes in free blocks of a DuckDB file. All but the pipeline's own records is
built again from raw data anyway, so those records move to a new file and the old one is deleted.
"""

import logging

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.publish.files import disk_errors, fsync, remove_folder
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

# What every ingest writes anew, and where rows are named one by one.
_PER_BUILD = ("run_context", "ingest_files", "quarantine", "excluded_rows", "erased_rows")


def renew_warehouse(settings: Settings) -> None:
    """Replace the private file by one with the pipeline's records only: fits, ledger, reports.

    Raises:
        WarehouseError: another process has the file open, or the disk failed.
    """
    old = settings.warehouse_path
    if not old.exists():
        return
    fresh = old.with_name(f"{old.name}.new")
    fresh.unlink(missing_ok=True)
    with disk_errors("write the private warehouse anew"):
        try:
            with duckdb.connect(":memory:", config={"memory_limit": settings.memory_limit}) as con:
                con.execute(f"attach {literal(str(old))} as old (read_only)")
                con.execute(f"attach {literal(str(fresh))} as fresh")
                _copy_records(con)
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            raise WarehouseError(f"{old} is open in another process. Close it and build again.") from error
        fsync(fresh)
        fresh.replace(old)
        for leftover in (old.with_name(f"{old.name}.wal"), fresh.with_name(f"{fresh.name}.wal")):
            leftover.unlink(missing_ok=True)
        remove_folder(old.with_name(f"{old.name}.tmp"))
        fsync(old.parent)


def _copy_records(con: duckdb.DuckDBPyConnection) -> None:
    """Copy the pipeline's tables with their constraints, which `create table as` would lose."""
    tables = con.execute(
        "select table_name, sql from duckdb_tables() where database_name = 'old' and schema_name = 'pipeline' "
        "and not list_contains($1, table_name)",
        [list(_PER_BUILD)],
    ).fetchall()
    con.execute("create schema fresh.pipeline")
    con.execute("use fresh")
    for name, sql in tables:
        con.execute(sql)
        con.execute(f"insert into fresh.pipeline.{identifier(name)} from old.pipeline.{identifier(name)}")
    con.execute("use memory")
