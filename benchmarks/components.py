"""Connected components of one list of edges by this project, Splink and scipy: `python -m benchmarks.components`.

The edges are those identity found in a warehouse that was built before. Each contender is a process of its own that
reads the same Parquet file and writes a component per node; the three answers must be the same partition.
"""

# ruff: noqa: S608 - statements over files this module wrote
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import keep, machine
from crm_warehouse.ingest.sql import literal
from crm_warehouse.settings import Settings
from crm_warehouse.transform import parse_project, run_dbt, target_dir

PEERS = Path(__file__).with_name("components_peers.py")
OURS = "crm_warehouse"


def main() -> None:
    """Run every contender on the edges and print what each cost as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, help="warehouse.duckdb of an earlier build")
    parser.add_argument("--peers", type=Path, help="python of an environment with splink, scipy and pyarrow")
    parser.add_argument("--result", help="keep the figures under this name in benchmarks/results")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        print(json.dumps(ours(arguments.ours)))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = compare(arguments.warehouse, Path(folder), arguments.peers)
    keep(arguments.result and f"components_{arguments.result}", figures)


def compare(warehouse: Path, folder: Path, peers: Path | None) -> dict[str, Any]:
    """Cost of each contender in CPU seconds, wall seconds and GiB; raises if two of them disagree."""
    edges = folder / "edges.parquet"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute(
            "copy (select left_node_id, right_node_id from intermediate.int_identity_edges) "
            f"to {literal(str(edges))}"
        )
        counts = con.execute(
            f"select count(*), (select count(*) from intermediate.int_identity_records_normalized) "
            f"from {literal(str(edges))}"
        ).fetchall()[0]
    commands = {OURS: [sys.executable, "-m", "benchmarks.components", "--ours", str(folder)]}
    if peers:
        commands |= {
            name: [str(peers.absolute()), str(PEERS), name, str(folder)] for name in ("splink", "scipy")
        }
    costs = {name: _answer(command, folder) for name, command in commands.items()}
    for name in costs:
        if disagreements := _disagreements(folder, name):
            raise RuntimeError(f"{name} puts {disagreements} nodes into other components than {OURS}")
    return {"edges": counts[0], "records": counts[1], "machine": machine(), "components": costs}


def ours(folder: Path) -> dict[str, float]:
    """The project's own materialization on `folder`/edges.parquet; parsing the project is not counted."""
    settings = Settings(raw=folder, out=folder)
    project = parse_project()
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema intermediate")
        con.execute(
            "create table intermediate.int_identity_edges as "
            f"select * from {literal(str(folder / 'edges.parquet'))}"
        )
    run = run_dbt(
        ["run", "--select", "int_identity_components"],
        settings=settings,
        build_id="components",
        manifest=project,
    )
    if run.failed:
        raise RuntimeError(f"{run.failed} in {target_dir()}")
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(
            f"copy intermediate.int_identity_components to {literal(str(folder / f'{OURS}.parquet'))}"
        )
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall_seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_gib": round(after.ru_maxrss / 2**20, 2),
    }


def _answer(command: list[str], folder: Path) -> dict[str, float]:
    environment = {
        **os.environ,
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    answer = subprocess.run(  # noqa: S603 - our own modules
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    cost: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return cost


def _disagreements(folder: Path, name: str) -> int:
    """Nodes whose component, named after its lowest node, is another one than in our answer."""
    query = f"""
        with theirs as (
            select node_id, min(node_id) over (partition by component_id) as component_id
            from {literal(str(folder / f"{name}.parquet"))}
        )
        select count(*)
        from theirs full join {literal(str(folder / f"{OURS}.parquet"))} as ours using (node_id)
        where theirs.component_id is distinct from ours.component_id"""
    with duckdb.connect() as con:
        return int(con.execute(query).fetchall()[0][0])


if __name__ == "__main__":
    main()
