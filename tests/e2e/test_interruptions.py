"""Readers while builds run, fail and are killed: always one whole good version, never an older one than before."""

import json
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.sample import write_sample
from tests.e2e.conftest import Build, run_build
from tests.e2e.interruptions import Reader, kill_a_build


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
    assert thread.backward == 0


def test_a_killed_build_harms_nobody_and_the_next_one_succeeds(
    raw: Path, shop: tuple[Build, float], reader: Reader
) -> None:
    build, seconds = shop
    before = build.value("select version from warehouse_version")
    kill_a_build(raw, build.out, after=random.Random(7).uniform(0.2, 0.95) * seconds)
    recovered = run_build(raw, build.out)
    assert recovered.returncode == 0, recovered.output[-6000:]
    assert recovered.value("select version from warehouse_version") > before
    assert len(reader.versions) > 1


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


PEOPLE = {
    "shopify/customer": ["email", "phone", "first_name || ' ' || last_name"],
    "shopify/order": ["email", "billing_address_phone", "shipping_address_phone"],
    "klaviyo/person": ["email", "phone_number", "first_name || ' ' || last_name"],
    "zendesk/user": ["email", "phone", "name"],
}


def test_nothing_outside_the_databases_names_a_person(raw: Path, shop: tuple[Build, float]) -> None:
    """After good, killed and refused builds: logs, event logs, audit, manifest, reports, dbt's artifacts."""
    build, _ = shop
    values = {
        value for table, columns in PEOPLE.items() for value in people(raw / f"{table}.parquet", columns)
    }
    assert len(values) > 500
    words = {form for value in values for form in (value.encode(), json.dumps(value)[1:-1].encode())}
    written = [path for path in build.out.rglob("*") if path.is_file() and is_no_table(path)]
    assert len(written) > 30
    found = {(path.name, word) for path in written for word in words if word in path.read_bytes()}
    found |= {("console", word) for word in words if word in build.output.encode()}
    assert {name for name, _ in found} == set()


def people(path: Path, columns: list[str]) -> set[str]:
    selects = " union ".join(f"select cast({column} as varchar) as v from '{path}'" for column in columns)
    rows = duckdb.sql(f"select v from ({selects}) where length(v) > 6").fetchall()
    return {value for (value,) in rows}


def is_no_table(path: Path) -> bool:
    """Databases and copies of tables hold people's data by design; they are private or published on purpose."""
    return path.suffix not in {".duckdb", ".wal", ".parquet", ".tmp"}


def test_the_private_part_of_the_output_is_private(shop: tuple[Build, float]) -> None:
    out = shop[0].out
    assert out.stat().st_mode & 0o777 == 0o711
    open_to_others = {path.name for path in out.iterdir() if path.stat().st_mode & 0o077}
    assert open_to_others == {"published"}
