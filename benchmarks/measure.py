"""Run a command to its end and say what it cost, by the operating system's own accounting."""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Cost:
    """Cost of one command, its child processes included.

    Attributes:
        wall_seconds: Start to end.
        cpu_seconds: User plus system time of the process and the children it waited for.
        peak_gib: Largest resident set of any single process.
        lines: Every line it printed, with the CPU seconds it had used by then.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_gib: float
    lines: list[tuple[float, str]] = field(default_factory=list)


def measure(command: list[str], stdout: IO[str] | None = None) -> Cost:
    """Run `command`, show its output (on `stdout` if given), and return its cost.

    Raises:
        RuntimeError: The command failed; its figures would mean nothing.
    """
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own commands
    lines = []
    for line in process.stdout or []:
        lines.append((_cpu_seconds(process.pid), line.rstrip()))
        (stdout or sys.stdout).write(line)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} exited with {process.returncode}")
    return Cost(
        wall_seconds=round(time.monotonic() - start, 1),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 1),
        peak_gib=round(usage.ru_maxrss / 2**20, 2),
        lines=lines,
    )


def keep(name: str | None, figures: dict[str, Any]) -> None:
    """Print the figures, and with a name write them to `results/<name>.json`."""
    text = json.dumps(figures, indent=2)
    if name:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)


def self_cost() -> dict[str, float]:
    """What this process has cost so far: CPU seconds and its largest resident set in GiB."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_gib": round(usage.ru_maxrss / 2**20, 2),
    }


def _cpu_seconds(pid: int) -> float:
    """User and system time of a running process and the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[index]) for index in range(11, 15)) / os.sysconf("SC_CLK_TCK")


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
    return {
        "wall_seconds": cost.wall_seconds,
        "cpu_seconds": cost.cpu_seconds,
        "peak_gib": cost.peak_gib,
    }


def cpu_by_phase(cost: Cost, phases: dict[str, str]) -> dict[str, float]:
    """CPU seconds per phase; a phase begins with the first line that contains its mark.

    Args:
        cost: What `measure` returned.
        phases: Name of each phase to the text of its first line, in order; what comes before is `start-up`.
    """
    starts = {"start-up": 0.0}
    for name, mark in phases.items():
        starts[name] = next((cpu for cpu, line in cost.lines if mark in line), cost.cpu_seconds)
    ends = [*list(starts.values())[1:], cost.cpu_seconds]
    return {name: round(end - start, 1) for (name, start), end in zip(starts.items(), ends, strict=True)}


def costliest_nodes(cost: Cost, count: int = 20) -> dict[str, float]:
    """CPU seconds of the dbt nodes that used most: dbt runs one after the other and reports each when it is done."""
    spent = {}
    for (before, _), (after, line) in zip(cost.lines, cost.lines[1:], strict=False):
        words = line.split()
        if len(words) == 5 and words[1].startswith("["):
            spent[words[3]] = round(after - before, 1)
    return dict(sorted(spent.items(), key=lambda item: -item[1])[:count])
