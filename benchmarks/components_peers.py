"""Connected components by another library, in an environment of its own: `python components_peers.py NAME FOLDER`.

    uv venv <peers> && VIRTUAL_ENV=<peers> uv pip install splink scipy pyarrow

NAME is splink or scipy. Reads FOLDER/edges.parquet, writes FOLDER/NAME.parquet, and reports the CPU seconds of reading,
clustering and writing (imports are not counted) and the process's largest resident set.
"""

# ruff: noqa: S608 - statements over files whose folder the caller names
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path


def by_splink() -> Callable[[Path], None]:
    """Splink's clustering on DuckDB."""
    import duckdb
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    def run(folder: Path) -> None:
        con = duckdb.connect(config={"temp_directory": str(folder / "splink")})
        con.execute(f"create table edges as from '{folder / 'edges.parquet'}'")
        con.execute(
            "create table nodes as select left_node_id as node_id from edges "
            "union select right_node_id from edges"
        )
        database = DuckDBAPI(connection=con)
        clusters = cluster_pairwise_predictions_at_threshold(
            database.register("nodes"),
            database.register("edges"),
            database,
            node_id_column_name="node_id",
            edge_id_column_name_left="left_node_id",
            edge_id_column_name_right="right_node_id",
        )
        con.execute(
            f"copy (select node_id, cluster_id as component_id from {clusters.physical_name}) "
            f"to '{folder / 'splink.parquet'}'"
        )

    return run


def by_scipy() -> Callable[[Path], None]:
    """The compiled graph search of scipy, on nodes numbered without gaps."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    def run(folder: Path) -> None:
        table = pq.read_table(folder / "edges.parquet")
        left, right = (table[name].to_numpy() for name in ("left_node_id", "right_node_id"))
        nodes, numbers = np.unique(np.concatenate([left, right]), return_inverse=True)
        ends = numbers.reshape(2, -1)
        graph = coo_array((np.ones(len(left), dtype=np.int8), (ends[0], ends[1])), shape=(len(nodes),) * 2)
        _, components = connected_components(graph, directed=False)
        pq.write_table(pa.table({"node_id": nodes, "component_id": components}), folder / "scipy.parquet")

    return run


def main() -> None:
    """Run the named library and print its cost as JSON."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    run = {"splink": by_splink, "scipy": by_scipy}[name]()
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    run(folder)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cost = {
        "version": version(name),
        "wall_seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_gib": round(after.ru_maxrss / 2**20, 2),
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
