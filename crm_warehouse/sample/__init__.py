"""A fictional shop as raw tables, with the truth beside it."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree

from crm_warehouse.sample.catalogue import make_catalogue
from crm_warehouse.sample.config import BENCHMARK_MIX, CHUNK_PEOPLE, SampleConfig, Shape, until_second
from crm_warehouse.sample.facts import make_facts
from crm_warehouse.sample.writer import open_writer

__all__ = ["BENCHMARK_MIX", "write_sample"]

PLATFORMS = ("shopify", "klaviyo", "zendesk", "_truth", "_parts")


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

    `until` leaves out everything later than the end of that day (UTC), in-place updates included; the shop itself,
    and the truth, do not depend on it. Folders of an earlier sample in `out` are replaced.
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
    say = progress or (lambda _: None)
    for platform in PLATFORMS:
        rmtree(out / platform, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    catalogue = make_catalogue(config)
    writer = open_writer(config, out, catalogue)
    try:
        for chunk in range(config.chunks):
            writer.write_chunk(chunk, make_facts(config, chunk, catalogue))
            say(f"people {min((chunk + 1) * CHUNK_PEOPLE, customers):,} of {customers:,}")
        if config.chunks > 1:
            say("sorting by time")
            writer.merge()
    finally:
        writer.con.close()
        rmtree(writer.parts, ignore_errors=True)
    (out / "_truth" / "config.json").write_text(json.dumps(config.describe(), indent=2) + "\n")
    return config
