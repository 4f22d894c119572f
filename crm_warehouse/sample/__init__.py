"""A fictional shop as raw tables, with the truth beside it."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree

from crm_warehouse.errors import WarehouseError
from crm_warehouse.sample.catalogue import make_catalogue
from crm_warehouse.sample.config import BENCHMARK_MIX, CHUNK_PEOPLE, SampleConfig, Shape, until_second
from crm_warehouse.sample.facts import make_facts
from crm_warehouse.sample.writer import open_writer

__all__ = ["BENCHMARK_MIX", "write_sample"]

# Says what a folder holds; without it a folder is somebody's data and stays as it is.
CONFIG_FILE = Path("_truth") / "config.json"


def write_sample(
    out: Path,
    *,
    customers: int = 3000,
    seed: int = 42,
    until: date | datetime | None = None,
    shopify_shape: Shape = "rest",
    seasonality: bool = True,
    orders_per_customer: float = 4.0,
    emails_per_customer: float = 12.0,
    sessions_per_order: float = 1.0,
    tickets_per_customer: float = 0.35,
    lean: bool = False,
    progress: Callable[[str], None] | None = None,
) -> SampleConfig:
    """Write the sample shop to `<out>/<platform>/<table>.parquet` and the truth to `<out>/_truth/`.

    `until` leaves out everything later than the end of that day (UTC; a datetime is taken as it is), in-place
    updates included; the shop itself, and the truth, do not depend on it. An earlier sample in `out` is replaced
    once the new one is complete: an interrupted run leaves no half-written folder.

    Raises:
        WarehouseError: The size is out of range, or `out` holds something other than a sample.
    """
    config = SampleConfig(
        customers=customers,
        seed=seed,
        until=until_second(until),
        shape=shopify_shape,
        seasonality=seasonality,
        orders_per_customer=orders_per_customer,
        emails_per_customer=emails_per_customer,
        sessions_per_order=sessions_per_order,
        tickets_per_customer=tickets_per_customer,
        lean=lean,
    )
    if out.exists() and any(out.iterdir()) and not (out / CONFIG_FILE).exists():
        raise WarehouseError(
            f"{out} holds files that are not a sample shop ({CONFIG_FILE} is missing), and writing one there would "
            "replace them. Choose an empty folder."
        )
    unfinished = out.with_name(f"{out.name}.unfinished")
    rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _write(config, unfinished, progress or (lambda _: None))
    rmtree(out, ignore_errors=True)
    unfinished.rename(out)
    return config


def _write(config: SampleConfig, out: Path, say: Callable[[str], None]) -> None:
    catalogue = make_catalogue(config)
    writer = open_writer(config, out, catalogue)
    try:
        for chunk in range(config.chunks):
            writer.write_chunk(chunk, make_facts(config, chunk, catalogue))
            say(f"people {min((chunk + 1) * CHUNK_PEOPLE, config.customers):,} of {config.customers:,}")
        if config.chunks > 1:
            for table in writer.merge():
                say(f"{table} in order of time")
    finally:
        writer.con.close()
        rmtree(writer.parts, ignore_errors=True)
    (out / CONFIG_FILE).write_text(json.dumps(config.describe(), indent=2) + "\n")
