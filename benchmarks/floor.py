"""The floor: benchmarks/floor.sql over a folder of raw files, in a process of its own."""

import sys
import tempfile
from pathlib import Path

import duckdb


def main() -> None:
    """Run the plain queries over the raw folder given on the command line."""
    sql = Path(__file__).with_name("floor.sql").read_text()
    with (
        tempfile.TemporaryDirectory() as scratch,
        duckdb.connect(str(Path(scratch) / "floor.duckdb")) as connection,
    ):
        connection.execute("set variable raw = ?", [sys.argv[1]])
        connection.execute(sql)


if __name__ == "__main__":
    main()
