"""The same version as Parquet files, for BI tools that are not on this machine or do not read DuckDB.

Belongs here: the export of one audited candidate. Does not: pointing readers to it (record.py).

The files lie in the version's own folder and are sealed by its manifest, so they are switched, rolled back and
deleted with it. Whoever reads several of them takes the folder from `latest.json` once: a path through the `current`
link could change between two files.
"""

import duckdb

from crm_warehouse.publish.files import fsync, remove_folder
from crm_warehouse.publish.layout import PARQUET_DIR, Candidate
from crm_warehouse.settings import Settings


def export_parquet(settings: Settings, candidate: Candidate) -> None:
    """Write every table of the candidate to `parquet/<table>.parquet`, replacing what an interrupted export left."""
    folder = candidate.folder / PARQUET_DIR
    remove_folder(folder)
    folder.mkdir()
    temporary = candidate.folder / ".tmp"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(temporary),
        "preserve_insertion_order": False,
    }
    with duckdb.connect(str(candidate.marts_path), read_only=True, config=config) as con:
        con.execute("set TimeZone = 'UTC'")
        for (name,) in con.execute(
            "select table_name from information_schema.tables where table_schema = 'main' order by 1"
        ).fetchall():
            path = folder / f"{name}.parquet"
            target = str(path).replace("'", "''")
            con.execute(f"copy (from main.\"{name}\") to '{target}' (format parquet, compression zstd)")
            fsync(path)
    remove_folder(temporary)
    fsync(folder)
