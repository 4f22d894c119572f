"""Readers while builds run, fail and are killed: always one whole good version, never an older one than before."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.sample import write_sample
from crm_warehouse.settings import PROJECT_DIR
from tests.e2e.conftest import Build, build_command, run_build

KILLS = 4

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


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_sample(folder, customers=150)
    return folder


@pytest.fixture(scope="module")
def shop(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, float]:
    start = time.monotonic()
    build = run_build(raw, tmp_path_factory.mktemp("out"))
    assert build.returncode == 0, build.output[-6000:]
    return build, time.monotonic() - start


@pytest.fixture
def reader(shop: tuple[Build, float]) -> Iterator[Reader]:
    thread = Reader(shop[0].marts)
    thread.start()
    yield thread
    thread.stop()
    assert thread.bad == []
    assert thread.versions == sorted(thread.versions)


def test_a_killed_build_harms_nobody_and_the_next_one_succeeds(
    raw: Path, shop: tuple[Build, float], reader: Reader
) -> None:
    build, seconds = shop
    before = build.value("select version from warehouse_version")
    moments = random.Random(7)
    for _ in range(KILLS):
        process = subprocess.Popen(
            build_command(raw, build.out),
            cwd=PROJECT_DIR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moments.uniform(0.2, 0.95) * seconds)
        with suppress(ProcessLookupError):  # it may have finished
            os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() in {0, -signal.SIGKILL}
    recovered = run_build(raw, build.out)
    assert recovered.returncode == 0, recovered.output[-6000:]
    assert recovered.value("select version from warehouse_version") > before


def test_a_failing_build_says_why_and_publishes_nothing(
    raw: Path, shop: tuple[Build, float], reader: Reader, tmp_path: Path
) -> None:
    build, _ = shop
    before = build.value("select version from warehouse_version")
    broken = tmp_path / "raw"
    subprocess.run(["cp", "-r", raw, broken], check=True)
    order = broken / "shopify" / "order.parquet"
    order.write_bytes(order.read_bytes()[:-100])
    failed = run_build(broken, build.out)
    assert failed.returncode == 1
    assert "shopify" in failed.output
    assert "order.parquet" in failed.output
    assert "Traceback" not in failed.output
    assert build.value("select version from warehouse_version") == before
