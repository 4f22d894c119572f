"""Run a command to its end and say what it cost, by the operating system's own accounting."""

import os
import platform
import resource
import subprocess
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import IO


@dataclass(frozen=True)
class Cost:
    """Cost of one command, its child processes included.

    Attributes:
        wall_seconds: Start to end.
        cpu_seconds: User plus system time of the process and the children it waited for.
        peak_gib: Largest resident set of any single process.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_gib: float


def measure(command: list[str], stdout: IO[str] | None = None) -> Cost:
    """Run `command`, show its output (on `stdout` if given), and return its cost.

    Raises:
        RuntimeError: The command failed; its figures would mean nothing.
    """
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=stdout)  # noqa: S603 - our own commands
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} exited with {process.returncode}")
    return Cost(
        wall_seconds=round(time.monotonic() - start, 1),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 1),
        peak_gib=round(usage.ru_maxrss / 2**20, 2),
    )


def self_cost() -> dict[str, float]:
    """What this process has cost so far: CPU seconds and its largest resident set in GiB."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gib": round(usage.ru_maxrss / 2**20, 2),
    }


def machine() -> dict[str, object]:
    """The machine and the versions that a figure belongs to."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{
            name: version(name)
            for name in ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations")
        },
    }


def as_row(cost: Cost) -> dict[str, float]:
    """The cost as plain figures for JSON."""
    return asdict(cost)
