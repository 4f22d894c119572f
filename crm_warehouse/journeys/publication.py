"""The file with the triggers of this hour: made whole, checked, and put in place in one rename.

Belongs here: `published/journeys.duckdb`, and where it is made. Does not: what is in it, or the versions of the marts.

A reader who has the old file open keeps it: it goes with the last one who does.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.access import open_to_readers
from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.sql import identifier, literal
from crm_warehouse.journeys.plan import TRIGGERS
from crm_warehouse.publish.files import disk_errors, fsync, remove_folder
from crm_warehouse.publish.stage import STORAGE_VERSION, Mart, copy_marts, open_candidate
from crm_warehouse.settings import JOURNEYS_DIR, Settings

JOURNEYS_FILE = "journeys.duckdb"
_CANDIDATE_DIR = "candidate"

_CHECKS = {
    "has a customer and journey twice": f"select 1 from {TRIGGERS} group by journey_trigger_key having count(*) > 1",
    "has a trigger without its key, customer, channel or time": (
        f"select 1 from {TRIGGERS} where journey_trigger_key is null or customer_key is null or channel is null "
        "or send_at is null"
    ),
    "is not as of the moment it says": (
        f"select 1 from {TRIGGERS} where as_of_at is distinct from (select max(as_of_at) from warehouse_version)"
    ),
}


def hourly_settings(settings: Settings) -> Settings:
    """The private warehouse of hourly runs, inside the folder of the warehouse it serves."""
    return replace(settings, out=settings.out / JOURNEYS_DIR, as_of=None)


def remove_working_data(own: Settings) -> None:
    """Leave nothing of anybody in the private warehouse; a run that was killed does not get to do that itself.

    Call it with the lock of `own`.
    """
    for name in (own.warehouse_path.name, f"{own.warehouse_path.name}.wal"):
        (own.out / name).unlink(missing_ok=True)
    for folder in (own.ingest_dir, own.out / _CANDIDATE_DIR, own.out / f"{own.warehouse_path.name}.tmp"):
        remove_folder(folder)


def journeys_file(settings: Settings) -> Path:
    """What readers of the triggers open."""
    return settings.published_dir / JOURNEYS_FILE


def write_triggers(own: Settings, mart: Mart, facts: Mapping[str, Any]) -> tuple[Path, int]:
    """Write the triggers of a private warehouse into a new file and look at it as a reader would.

    Args:
        own: The hourly run's warehouse, which is not the marts' one.
        mart: How the triggers are documented.
        facts: The file's row of `warehouse_version`.

    Returns:
        The file, and how many triggers are in it.

    Raises:
        WarehouseError: the file does not hold what it should; nothing was published.
    """
    path = own.out / _CANDIDATE_DIR / JOURNEYS_FILE
    with disk_errors("write the triggers"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with open_candidate(own, path) as con:
            copy_marts(con, [mart], [mart], facts)
            (rows,) = con.execute(f"select count(*) from marts.{TRIGGERS}").fetchall()[0]
        _check(path, rows)
    return path, int(rows)


def put_in_place(settings: Settings, path: Path) -> None:
    """Let readers see a finished file from now on."""
    with disk_errors("publish the triggers"):
        target = journeys_file(settings)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        open_to_readers(path)
        fsync(path)
        path.replace(target)
        fsync(target.parent)


def without_customers(settings: Settings, customer_keys: Collection[str]) -> None:
    """Take customers out of the published file at once; the next run leaves them out by itself."""
    old = journeys_file(settings)
    if not old.exists() or not customer_keys:
        return
    with disk_errors("take erased people out of the triggers"):
        fresh = old.with_name(f".{JOURNEYS_FILE}.new")
        fresh.unlink(missing_ok=True)
        with duckdb.connect(":memory:", config={"memory_limit": settings.memory_limit}) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute(f"attach {literal(str(old))} as old (read_only)")
            con.execute(f"attach {literal(str(fresh))} as fresh (storage_version {literal(STORAGE_VERSION)})")
            tables = con.execute(
                "select table_name from duckdb_tables() where database_name = 'old' order by all"
            ).fetchall()
            for (name,) in tables:
                theirs = " where not list_contains($1, customer_key)" if name == TRIGGERS else ""
                con.execute(
                    f"create table fresh.main.{identifier(name)} as select * from old.main.{identifier(name)}{theirs}",
                    [sorted(customer_keys)] if theirs else [],
                )
            con.execute("checkpoint fresh")
        put_in_place(settings, fresh)


def _check(path: Path, rows: int) -> None:
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": False}) as con:
        (there,) = con.execute(f"select count(*) from {TRIGGERS}").fetchall()[0]
        wrong = [text for text, query in _CHECKS.items() if con.execute(f"{query} limit 1").fetchall()]
    if there != rows:
        wrong.append(f"has {there} of {rows} rows")
    if wrong:
        raise WarehouseError(f"{JOURNEYS_FILE} {' and '.join(wrong)}. The last one stays. Run again.")
