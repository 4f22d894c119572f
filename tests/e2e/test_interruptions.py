"""Readers while builds run, fail and are killed: always one whole good version, never an older one than before."""

import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import Build, run_build
from tests.e2e.interruptions import Reader, kill_a_build


@pytest.fixture(scope="module")
def own(shop: Build, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A warehouse to be interrupted."""
    out = tmp_path_factory.mktemp("interrupted") / "out"
    shutil.copytree(shop.out, out, symlinks=True)
    return replace(shop, out=out)


@pytest.fixture
def reader(own: Build) -> Iterator[Reader]:
    thread = Reader(own.marts)
    thread.start()
    yield thread
    thread.stop()
    assert thread.bad == []
    assert thread.backward == 0


def test_a_killed_build_harms_nobody_and_the_next_one_succeeds(raw: Path, own: Build, reader: Reader) -> None:
    before = own.value("select version from warehouse_version")
    assert kill_a_build(raw, own.out, after=random.Random(7).uniform(0.2, 0.7) * own.seconds)
    recovered = run_build(raw, own.out)
    assert recovered.returncode == 0, recovered.output[-6000:]
    assert recovered.value("select version from warehouse_version") > before
    assert len(reader.versions) > 1


def test_a_failing_build_says_why_and_publishes_nothing(
    raw: Path, own: Build, reader: Reader, tmp_path: Path
) -> None:
    before = own.value("select version from warehouse_version")
    broken = tmp_path / "raw"
    subprocess.run(["cp", "-r", raw, broken], check=True)
    order = broken / "shopify" / "order.parquet"
    order.write_bytes(order.read_bytes()[:-100])
    failed = run_build(broken, own.out)
    assert failed.returncode == 1
    assert "shopify" in failed.output
    assert "order.parquet" in failed.output
    assert "Traceback" not in failed.output
    assert own.value("select version from warehouse_version") == before


PEOPLE = {
    "shopify/customer": ["email", "phone", "first_name || ' ' || last_name"],
    "shopify/order": ["email", "billing_address_phone", "shipping_address_phone"],
    "klaviyo/person": ["email", "phone_number", "first_name || ' ' || last_name"],
    "zendesk/user": ["email", "phone", "name"],
}


def test_nothing_outside_the_databases_names_a_person(raw: Path, own: Build) -> None:
    """After good, killed and refused builds: logs, event logs, audit, manifest, reports, dbt's artifacts."""
    values = {
        value for table, columns in PEOPLE.items() for value in people(raw / f"{table}.parquet", columns)
    }
    some = sorted(values)[::3]
    assert len(some) > 500
    words = {form for value in some for form in (value.encode(), json.dumps(value)[1:-1].encode())}
    written = {
        str(path): path.read_bytes() for path in own.out.rglob("*") if path.is_file() and is_no_table(path)
    }
    assert len(written) > 30
    written["console"] = own.output.encode()
    assert {name for name, content in written.items() if any(word in content for word in words)} == set()


def people(path: Path, columns: list[str]) -> set[str]:
    selects = " union ".join(f"select cast({column} as varchar) as v from '{path}'" for column in columns)
    rows = duckdb.sql(f"select v from ({selects}) where length(v) > 6").fetchall()
    return {value for (value,) in rows}


def is_no_table(path: Path) -> bool:
    """Databases and copies of tables hold people's data by design; they are private or published on purpose."""
    return path.suffix not in {".duckdb", ".wal", ".parquet", ".tmp"}


def test_the_private_part_of_the_output_is_private(shop: Build) -> None:
    out = shop.out
    assert out.stat().st_mode & 0o777 == 0o711
    open_to_others = {path.name for path in out.iterdir() if path.stat().st_mode & 0o077}
    assert open_to_others == {"published"}
