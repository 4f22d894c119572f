"""Resolve any file of records with the project's own identity models: `python -m benchmarks.identity --help`.

The file's columns are mapped to the record contract (`int_identity_records_unioned`), everything after it is the real
dbt graph: normalise, compare, link, separate, resolve. With the true entity per record it prints pairwise figures.
"""

# ruff: noqa: S608 - a benchmark of files and SQL expressions that its own caller names
import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.measure import self_cost
from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings
from crm_warehouse.transform import parse_project, run_dbt

CONTRACT = {
    "record_key": "varchar",
    "source_name": "varchar",
    "platform": "varchar",
    "record_type": "varchar",
    "record_id": "varchar",
    "email": "varchar",
    "phone": "varchar",
    "first_name": "varchar",
    "last_name": "varchar",
    "address_line": "varchar",
    "city": "varchar",
    "region": "varchar",
    "postal_code": "varchar",
    "country_code": "varchar",
    "customer_number": "varchar",
    "birth_date": "varchar",
    "national_id": "varchar",
    "created_at": "timestamp",
}
"""What identity may know about a record; docs/identity.md says what each column is."""

DEFAULTS = {
    "source_name": "'records'",
    "platform": "'records'",
    "record_type": "'customer'",
}
SEEDS = ["blocked_identifiers", "phone_countries", "given_name_variants", "identity_overrides"]
MODELS = "path:models/intermediate/identity"


def main() -> None:
    """Map, resolve, write one row per record, and score where the truth is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description=__doc__)
    parser.add_argument("--records", type=Path, required=True, help="Parquet or CSV file, one row per record")
    parser.add_argument(
        "--mapping", type=Path, required=True, help="YAML: contract column -> SQL over the file"
    )
    parser.add_argument("--out", type=Path, required=True, help="Parquet to write: record_id, cluster_id")
    parser.add_argument(
        "--truth", help="column of the file with the true person; only scored, never resolved"
    )
    parser.add_argument("--work", type=Path, help="folder to keep the warehouse in, to look at the edges")
    arguments = parser.parse_args()
    with work_folder(arguments.work) as folder:
        settings = Settings(raw=folder, out=folder)
        settings.out.mkdir(parents=True, exist_ok=True)
        project = parse_project(settings)
        before = self_cost()["cpu_seconds"]
        mapping: dict[str, str] = yaml.safe_load(arguments.mapping.read_text())
        resolve(settings, arguments.records, mapping, project)
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
            con.execute(
                "copy (select record_key as record_id, customer_key as cluster_id "
                f"from intermediate.int_customers_resolved) to '{arguments.out}'"
            )
            cost = self_cost()
            cost["resolving_cpu_seconds"] = round(cost["cpu_seconds"] - before, 1)
            figures = {"cost": cost}
            if arguments.truth:
                figures |= score(con, arguments.records, mapping["record_key"], arguments.truth)
    print(json.dumps(figures, indent=2))


def resolve(settings: Settings, records: Path, mapping: dict[str, str], project: Any) -> None:
    """Fill the record contract from `records` and build the identity models into `settings`' warehouse.

    Args:
        settings: Whose warehouse to write.
        records: Parquet or CSV file, one row per record.
        mapping: Contract column -> SQL expression over the file's columns. `record_key` is required and must be
            unique; a column left out is null. The truth must not be mapped.
        project: The project as `parse_project` returns it.

    Raises:
        WarehouseError: An unknown column in the mapping, a key that is not unique, or a model that failed.
    """
    unknown = mapping.keys() - CONTRACT.keys()
    if unknown or "record_key" not in mapping:
        raise WarehouseError(
            f"mapping: record_key is required and {sorted(unknown)} are no columns of the record contract; "
            f"it has {', '.join(CONTRACT)}"
        )
    settings.out.mkdir(parents=True, exist_ok=True)
    defaults = DEFAULTS | {"record_id": mapping["record_key"]}
    columns = ", ".join(
        f"cast({mapping.get(name, defaults.get(name, 'null'))} as {data_type}) as {name}"
        for name, data_type in CONTRACT.items()
    )
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema if not exists intermediate")
        con.execute(
            "create or replace table intermediate.int_identity_records_unioned as "
            f"select {columns} from '{records}'"
        )
        rows = con.execute(
            "select count(*) - count(distinct record_key) from intermediate.int_identity_records_unioned"
        ).fetchall()
    if rows[0][0]:
        raise WarehouseError(
            f"{records}: record_key is empty or repeated in {rows[0][0]} rows; it must be unique"
        )
    dbt(settings, ["seed", "--select", *SEEDS], project)
    run_models(settings, project)


def score(con: duckdb.DuckDBPyConnection, records: Path, key: str, truth: str) -> dict[str, Any]:
    """Pairwise precision, recall and F1 of the resolved customers against the column `truth`; no pair is built."""
    query = f"""
        with labelled as (select cast({key} as varchar) as record_key, {truth} as truth from '{records}'),
        joined as (select truth, customer_key from labelled join intermediate.int_customers_resolved using (record_key))
        select sum(n * (n - 1) / 2) filter (grouped_by = 0), sum(n * (n - 1) / 2) filter (grouped_by = 2),
            sum(n * (n - 1) / 2) filter (grouped_by = 1)
        from (select count(*) as n, grouping(truth, customer_key) as grouped_by from joined
            group by grouping sets ((truth, customer_key), (customer_key), (truth)))"""
    agreed, linked, true = (float(value or 0) for value in con.execute(query).fetchall()[0])
    precision = agreed / linked if linked else 1.0
    recall = agreed / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if agreed else 0.0
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "false_pairs": int(linked - agreed),
        "missed_pairs": int(true - agreed),
    }


def dbt(settings: Settings, arguments: list[str], project: Any) -> None:
    """Run one dbt command on the parsed project.

    Raises:
        WarehouseError: A node failed.
    """
    run = run_dbt(arguments, settings=settings, build_id="identity-benchmark", manifest=project)
    if run.failed:
        raise WarehouseError("; ".join(f"{result.unique_id}: {result.message}" for result in run.failed))


def run_models(settings: Settings, project: Any, *more: str) -> None:
    """Run the identity models, and `more`, over the records that are there.

    Raises:
        WarehouseError: A model failed.
    """
    dbt(settings, ["run", "--select", MODELS, *more, "--exclude", "int_identity_records_unioned"], project)


@contextmanager
def work_folder(work: Path | None = None) -> Iterator[Path]:
    """`work`, or one that is deleted afterwards; dbt's own files go there, too."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = (work or Path(temporary)).resolve()
        os.environ.setdefault("DBT_TARGET_PATH", str(folder / "target"))
        os.environ.setdefault("DBT_LOG_PATH", str(folder / "logs"))
        yield folder


if __name__ == "__main__":
    main()
