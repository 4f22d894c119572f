"""Normal nights publish: growth, weekends, a sale peak and a new product category.

`make test` runs the first night, `make soak` all thirty (CRM_CLEAN_NIGHTS).
"""

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.publish.files import read_json
from crm_warehouse.publish.layout import QUALITY_RESULTS_FILE
from crm_warehouse.publish.versions import live_version
from crm_warehouse.sample import write_sample
from tests.faults.pipeline import Night, Refused

# Black Friday to Cyber Monday (29 November to 2 December) is in the middle.
FIRST_DAY = date(2024, 11, 11)
NIGHTS = int(os.environ.get("CRM_CLEAN_NIGHTS", "1"))
NEW_CATEGORY_FROM = date(2024, 11, 20)
CUSTOMERS = 600


def raw_tables(folder: Path, day: date) -> Path:
    """The shop as it stood at the end of `day`, with a product category that is sold from one day on."""
    write_sample(folder, customers=CUSTOMERS, until=day)
    if day >= NEW_CATEGORY_FROM:
        _sell_new_category(folder / "shopify")
    return folder


def _sell_new_category(shop: Path) -> None:
    products, lines, orders = (f"'{shop / name}.parquet'" for name in ("product", "order_line", "order"))
    with duckdb.connect() as con:
        con.execute(
            f"""
            create table products as select * from {products}
            union all
            select * replace (
                id + 1 as id, 'Spice Box ' || row_number() over (order by id) as title, 'Spices' as product_type,
                timestamp '{NEW_CATEGORY_FROM}' as created_at,
                timestamp '{NEW_CATEGORY_FROM} 01:00' as _fivetran_synced
            )
            from (from {products} order by id limit 40)
            """
        )
        con.execute(
            f"""
            create table order_lines as select * replace (
                case when id % 3 = 0 and order_id in (
                    select id from {orders} where processed_at >= timestamp '{NEW_CATEGORY_FROM}'
                ) then (select min(id) + 1 from {products}) else product_id end as product_id
            ) from {lines}
            """
        )
        con.execute(f"copy products to {products} (format parquet)")
        con.execute(f"copy order_lines to {lines} (format parquet)")


def test_every_normal_night_publishes_a_version(tmp_path: Path, project: Any) -> None:
    alarms, waiting = {}, {}
    for number in range(NIGHTS + 1):
        day = FIRST_DAY + timedelta(days=number)
        night = Night(raw_tables(tmp_path / "raw", day), tmp_path / "out", day, f"night_{number:02}", project)
        try:
            night.run()
        except Refused as refusal:
            alarms[day] = (refusal.gate, refusal.rules)
        waiting[number] = not_assessed(night)
    assert alarms == {}
    # Silence proves nothing if the rules did not run: all of them compare from the second night on.
    assert waiting.pop(0)
    assert set().union(*waiting.values()) == set()
    live = live_version(night.settings)
    assert live is not None
    assert live.as_of_date == FIRST_DAY + timedelta(days=NIGHTS)


def not_assessed(night: Night) -> set[str]:
    """Rules of both gates that had nothing to compare with in the newest version."""
    live = live_version(night.settings)
    assert live is not None
    results = read_json(live.folder / QUALITY_RESULTS_FILE)
    return {
        rule["rule"]
        for gate in ("arrival", "release")
        for rule in results[gate]
        if rule["status"] == "not_assessed"
    }
