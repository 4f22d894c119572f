"""A published folder whose marts have the columns of the project and whatever rows a test puts in."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.publish.layout import CANDIDATE_FILE, IMPERSONAL_FILE, MARTS_FILE
from crm_warehouse.publish.stage import published_marts
from crm_warehouse.transform import read_manifest

AS_OF = date(2025, 6, 30)
Rows = Mapping[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    return read_manifest()


@pytest.fixture
def version(tmp_path: Path, manifest: dict[str, Any]) -> Callable[..., Path]:
    """Write a version with these rows; columns that a row does not name are null."""

    def write(
        rows: Rows | None = None, *, sources: tuple[str, ...] = ("shopify", "klaviyo", "zendesk")
    ) -> Path:
        tables = {}
        nodes = {
            node["alias"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"
        }
        for file in (MARTS_FILE, IMPERSONAL_FILE):
            (tmp_path / file).unlink(missing_ok=True)
            with duckdb.connect(str(tmp_path / file)) as con:
                con.execute("begin")
                con.execute("create table warehouse_version as select cast(? as date) as as_of_date", [AS_OF])
                for mart in published_marts(manifest):
                    columns = {
                        name: column["data_type"]
                        for name, column in nodes[mart.name]["columns"].items()
                        if file == MARTS_FILE or name not in mart.personal_columns
                    }
                    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
                    con.execute(f'create table "{mart.name}" ({listed})')
                    insert(con, mart.name, columns, (rows or {}).get(mart.name, []))
                    if file == IMPERSONAL_FILE:
                        continue
                    tables[mart.name] = {
                        "kind": "table",
                        "rows": len((rows or {}).get(mart.name, [])),
                        "columns": [
                            {"name": name, "type": kind, "personal": name in mart.personal_columns}
                            for name, kind in columns.items()
                        ],
                        "keys": mart.keys,
                        "owner": mart.owner,
                    }
                con.execute("commit")
        record = {
            "version": "20250701T000000Z",
            "build_id": "b",
            "as_of_at": f"{AS_OF}T23:59:59",
            "as_of_date": AS_OF.isoformat(),
            "created_at": "2025-07-01T05:00:00",
            "live_version": None,
            "files": {MARTS_FILE: {"sha256": "", "bytes": 0}},
            "tables": tables,
            "sources": [
                {
                    "source_name": name,
                    "platform": name,
                    "table_name": "t",
                    "row_count": 1,
                    "newest_at": None,
                    "status": "ok",
                }
                for name in sources
            ],
            "freshness": {},
            "proof": {"warnings": []},
        }
        (tmp_path / CANDIDATE_FILE).write_text(json.dumps(record))
        return tmp_path

    return write


def insert(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: list[dict[str, Any]]
) -> None:
    for row in rows:
        known = {name: value for name, value in row.items() if name in columns}
        names, marks = ", ".join(f'"{name}"' for name in known), ", ".join("?" * len(known))
        con.execute(f'insert into "{table}" ({names}) values ({marks})', list(known.values()))
