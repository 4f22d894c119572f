"""Readers that never stop, and builds that are killed: shared by the bounded test and the soak."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import duckdb

from crm_warehouse.settings import PROJECT_DIR
from tests.e2e.conftest import build_command
from tests.processes import clean_environment

CONSISTENT = """
select
    (select version from warehouse_version),
    (select count(distinct as_of) from customer_clv) <= 1
    and (select count(*) from customer_360) = (select count(*) from customers)
    and (select coalesce(sum(net_amount), 0) from customer_360)
        + (select coalesce(sum(net_amount), 0) from orders where is_counted and customer_key is null)
        = (select sum(net_amount) from orders where is_counted)
"""


class Reader(threading.Thread):
    """Opens the published file again and again, as a dashboard would."""

    def __init__(self, marts: Path) -> None:
        super().__init__(daemon=True)
        self.marts = marts
        self.versions: list[str] = []
        self.bad: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            # A loop without pause would take the CPU from the builds that it watches.
            time.sleep(0.2)
            try:
                with duckdb.connect(str(self.marts), read_only=True) as connection:
                    version, consistent = connection.execute(CONSISTENT).fetchall()[0]
            except duckdb.Error as error:
                self.bad.append(str(error))
                continue
            if not consistent:
                self.bad.append(f"version {version} is not consistent")
            self.versions.append(version)

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    @property
    def backward(self) -> int:
        """How often a read saw an older version than the one before it."""
        return sum(later < earlier for earlier, later in zip(self.versions, self.versions[1:], strict=False))


def kill_a_build(raw: Path, out: Path, *, after: float) -> bool:
    """Start a build and SIGKILL it and all its children `after` seconds; whether it was still running."""
    process = subprocess.Popen(
        build_command(raw, out),
        cwd=PROJECT_DIR,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after)
    with suppress(ProcessLookupError):  # it may have finished
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL
