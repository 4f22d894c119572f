"""The floor: benchmarks/floor.sql over a folder of raw files, in a process of its own."""

import sys
import tempfile
from pathlib import Path

import duckdb


def main() -> None:
    """Run the plain queries over the raw folder given on the command line."""
    raw = Path(sys.argv[1])
    sql = Path(__file__).with_name("floor.sql").read_text()
    with (
        tempfile.TemporaryDirectory() as scratch,
        duckdb.connect(str(Path(scratch) / "floor.duckdb")) as connection,
    ):
        for table in sorted(raw.glob("[a-z]*/*")):
            files = f"{table}/*.parquet" if table.is_dir() else table
            connection.execute(f"create schema if not exists {table.parent.name}")
            connection.execute(
                f"create view {table.parent.name}.\"{table.stem}\" as from read_parquet('{files}')"
            )
        connection.execute(sql)


if __name__ == "__main__":
    main()
