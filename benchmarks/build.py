"""`make bench`: build a 1 M-customer shop from raw files to published marts, beside the floor on the same files."""

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.measure import as_row, costliest_nodes, cpu_by_phase, keep, machine, measure
from crm_warehouse.settings import PROJECT_DIR

PHASES = {
    "ingest": "checking ",
    "models and tests": " [1/",
    "stage": "copying ",
    "audit and publish": "auditing ",
}


def main() -> None:
    """Generate the shop once, measure floor and build, print and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--raw", type=Path, help="an existing large sample instead of a new one")
    arguments = parser.parse_args()
    home = PROJECT_DIR / "data" / f"bench_{arguments.customers}"
    raw = arguments.raw or _sample(home / "raw", arguments.customers)
    python = sys.executable

    floor = measure([python, "-m", "benchmarks.floor", str(raw)])
    shutil.rmtree(home / "out", ignore_errors=True)
    build = measure([python, "-m", "orchestration", "--raw", str(raw), "--out", str(home / "out")])
    figures = {
        "customers": arguments.customers,
        "machine": machine(),
        "floor": as_row(floor),
        "build": as_row(build),
        "cpu_ratio": round(build.cpu_seconds / floor.cpu_seconds, 2),
        "build_cpu_by_phase": cpu_by_phase(build, PHASES),
        "build_cpu_of_costliest_nodes": costliest_nodes(build),
    }
    keep(f"build_{arguments.customers}", figures)


def _sample(raw: Path, customers: int) -> Path:
    if not raw.exists():
        command = [
            sys.executable,
            "-m",
            "crm_warehouse.sample",
            "--customers",
            str(customers),
            "--out",
            str(raw),
        ]
        print("sample shop:", as_row(measure(command)))
    return raw


if __name__ == "__main__":
    main()
