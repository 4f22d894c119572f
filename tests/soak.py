"""`make soak`: what takes too long for `make test`, run for as long as asked, with counts at the end.

Builds are killed at random moments of the whole pipeline while readers query in a loop; after every few kills a build
must publish. Then, where they exist, the fault table and the simulated month, in processes of their own.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crm_warehouse.sample import write_sample
from crm_warehouse.settings import PROJECT_DIR
from tests.e2e.conftest import run_build
from tests.e2e.interruptions import Reader, kill_a_build

READERS = 2
KILLS_PER_RECOVERY = 3


def interruptions(folder: Path, *, minutes: float, customers: int, seed: int) -> dict[str, int]:
    """Kill builds until the time is over; raise if a build after a kill does not publish."""
    raw, out = folder / "raw", folder / "out"
    write_sample(raw, customers=customers)
    started = time.monotonic()
    first = run_build(raw, out)
    if first.returncode:
        raise SystemExit(first.output[-4000:])
    seconds = time.monotonic() - started
    readers = [Reader(first.marts) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    chance = random.Random(seed)
    killed = finished = recovered = 0
    while time.monotonic() - started < 60 * minutes:
        for _ in range(KILLS_PER_RECOVERY):
            if kill_a_build(raw, out, after=chance.uniform(0.02, 1.1) * seconds):
                killed += 1
            else:
                finished += 1
        build = run_build(raw, out)
        if build.returncode:
            raise SystemExit(f"no recovery after {killed} kills:\n{build.output[-4000:]}")
        recovered += 1
    for reader in readers:
        reader.stop()
    return {
        "killed": killed,
        "finished_before_the_kill": finished,
        "recovered": recovered,
        "reads": sum(len(reader.versions) for reader in readers),
        "bad_reads": sum(len(reader.bad) for reader in readers),
        "backward_reads": sum(reader.backward for reader in readers),
    }


def main() -> int:
    """Run everything; exit code 1 if a read was bad or a test failed."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--customers", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-interruptions", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = interruptions(
            Path(folder), minutes=options.minutes, customers=options.customers, seed=options.seed
        )
    print(json.dumps(counts, indent=2))
    failed = counts["bad_reads"] + counts["backward_reads"]
    faults = PROJECT_DIR / "tests" / "faults"
    if faults.is_dir() and not options.only_interruptions:
        failed += subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", str(faults)],
            cwd=PROJECT_DIR,
            env={**os.environ, "CRM_CLEAN_NIGHTS": "30", "CRM_HELD_OUT": "1"},
        ).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
