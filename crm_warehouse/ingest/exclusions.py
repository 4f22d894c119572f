"""Records that people know to be bad: `seeds/exclusions.csv`.

Belongs here: reading the list. Does not: taking the rows out (checks.py).
"""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.declaration import Platform
from crm_warehouse.ingest.discover import Source

Exclusions = Mapping[tuple[str, str], list[str]]


def read_exclusions(path: Path) -> Exclusions:
    """Record ids to leave out, by source and table.

    Raises:
        WarehouseError: A line lacks its key, its reason or its date: an exclusion must be explainable.
    """
    found: dict[tuple[str, str], list[str]] = {}
    if not path.exists():
        return found
    with path.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            source, table, record = (
                (row.get(name) or "").strip() for name in ("source_name", "table_name", "record_id")
            )
            if not (source and table and record and (row.get("reason") or "").strip() and _is_date(row)):
                raise WarehouseError(
                    f"{path}, line {number} is no exclusion: source_name, table_name, record_id, reason and "
                    "excluded_on (YYYY-MM-DD) must be filled in."
                )
            found.setdefault((source, table), []).append(record)
    return found


def check_exclusions(
    exclusions: Exclusions, sources: list[Source], platforms: Mapping[str, Platform]
) -> None:
    """Refuse an exclusion that can never apply: it would look as if the record were left out.

    Raises:
        WarehouseError: A connected source has no such table, or the table has no key.
    """
    by_name = {source.name: source.platform for source in sources}
    for source, table in exclusions:
        if source not in by_name:
            continue  # another shop's; the list is the project's
        declared = platforms[by_name[source]].tables.get(table)
        if declared is None or not declared.primary_key:
            raise WarehouseError(
                f"seeds/exclusions.csv names table {table} of source {source}, which is not declared or has no key. "
                "Correct the line."
            )


def _is_date(row: Mapping[str, str]) -> bool:
    try:
        date.fromisoformat((row.get("excluded_on") or "").strip())
    except ValueError:
        return False
    return True
