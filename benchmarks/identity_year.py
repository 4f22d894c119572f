"""A year of daily builds of identity over records that arrive, change and go: `python -m benchmarks.identity_year`.

The records are those of a warehouse that was built before, each arriving on its own day or up to a month late. Some are
edited later (an address or number taken away, replaced, or swapped for somebody else's), some are deleted, and some of
those come back. Every day the real identity models and the register of keys run against the day before; a broken
promise stops the run. Cost grows with days; a day of the sample shop takes seconds.
"""

# ruff: noqa: S608 - statements over tables and days this module made
import argparse
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.identity import CONTRACT, SEEDS, dbt, run_models, work_folder
from benchmarks.measure import keep, self_cost
from crm_warehouse.ingest.declaration import load_published_state
from crm_warehouse.ingest.pipeline import copy_published_state
from crm_warehouse.ingest.sql import literal
from crm_warehouse.settings import Settings
from crm_warehouse.transform import parse_project

REGISTER = [
    "stg_pipeline__run_context",
    "int_customer_successors",
    "customer_identifiers",
    "customer_keys",
    "customer_key_events",
]
STATE = ["customer_identifiers", "customer_keys", "customer_key_events"]
RECORDS = "intermediate.int_identity_records_unioned"

# A record's fate is drawn from its key: the same year every time.
FATES = """
create table year.records as
with drawn as (
    select *,
        cast(created_at as date) as created_on,
        cast(hash(record_key, 'late') % 100 as integer) as late,
        cast(hash(record_key, 'edit') % 100 as integer) as edited,
        cast(hash(record_key, 'gone') % 100 as integer) as gone,
        cast(hash(record_key, 'day') % 6000 as integer) as day,
        lag(email, 7) over (order by hash(record_key, 'other')) as other_email,
        lag(phone, 7) over (order by hash(record_key, 'other')) as other_phone
    from shop.intermediate.int_identity_records_unioned
)
select * exclude (created_on, late, edited, gone, day),
    case when late < 5 then created_on + 1 + day % 30 else created_on end as arrives_on,
    case when edited < 8 then created_on + 31 + day % 150 end as edited_on,
    ['gone', 'new', 'swapped'][1 + edited % 3] as edit,
    case when gone < 4 then created_on + 40 + day % 200 end as deleted_on,
    case when gone < 1 then created_on + 60 + day % 200 end as returns_on
from drawn
"""
TODAY = "(select distinct customer_key, true as today from intermediate.int_customers_resolved)"
PROMISES = {
    "every key ever issued is in the register": """
        select customer_key from year.issued anti join marts.customer_keys using (customer_key)""",
    "a key is current exactly if it is a customer of today": f"""
        select customer_key from marts.customer_keys full join {TODAY} using (customer_key)
        where (key_status is not distinct from 'current') <> (today is not null)""",
    "a replaced key leads to a customer of today": f"""
        select keys.customer_key from marts.customer_keys as keys
        anti join {TODAY} as today on keys.current_customer_key = today.customer_key where key_status = 'replaced'""",
    "a retired key had no record that is still there": f"""
        select customer_key from marts.customer_keys
        join year.last_seen using (customer_key) join {RECORDS} using (record_key) where key_status = 'retired'""",
    "what became of a key is in the log": f"""
        select customer_key from year.yesterday anti join {TODAY} using (customer_key)
        anti join (
            select customer_key from marts.customer_key_events
            where compared_version = (select live_version from pipeline.run_context)
        ) using (customer_key)""",
    "a key that is new to the register is a customer": """
        select customer_key from marts.customer_keys
        anti join year.issued using (customer_key) where key_status <> 'current'""",
}
REMEMBER = f"""
insert into year.issued select customer_key from marts.customer_keys anti join year.issued using (customer_key);
create or replace table year.yesterday as select customer_key from {TODAY};
delete from year.last_seen where record_key in (select record_key from intermediate.int_customers_resolved);
insert into year.last_seen select record_key, customer_key from intermediate.int_customers_resolved;
"""


def main() -> None:
    """Run the year and print what happened to keys as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_year", description=__doc__)
    parser.add_argument("--warehouse", type=Path, required=True, help="warehouse.duckdb of an earlier build")
    parser.add_argument("--days", type=int, default=365, help="daily builds")
    parser.add_argument("--result", help="keep the figures under this name in benchmarks/results")
    arguments = parser.parse_args()
    with work_folder() as folder:
        figures = run(arguments.warehouse, folder, arguments.days)
    keep(arguments.result and f"identity_year_{arguments.result}", figures)


def run(warehouse: Path, folder: Path, days: int) -> dict[str, Any]:
    """Build `days` days, hold every promise on each, and rebuild the last one from nothing."""
    project = parse_project()
    year, rebuilt = Year(folder / "daily", project), Year(folder / "rebuilt", project)
    last = year.open(warehouse)
    rebuilt.open(warehouse)
    for day in (last - timedelta(days=ahead) for ahead in reversed(range(days))):
        year.build(day)
        year.check(day)
    rebuilt.build(last)
    return {
        "days": days,
        **year.figures(last - timedelta(days=days - 1)),
        "records_with_another_key_when_rebuilt": year.differences(rebuilt),
        "cost": self_cost(),
    }


class Year:
    """One warehouse with the identity models, built day by day."""

    def __init__(self, folder: Path, project: Any) -> None:
        folder.mkdir()
        self.settings = Settings(raw=folder, out=folder)
        self.project = project

    def open(self, warehouse: Path) -> date:
        """Draw the fates of `warehouse`'s records; returns the last day one was made."""
        with self._connect() as con:
            con.execute(f"attach {literal(str(warehouse))} as shop (read_only)")
            for schema in ("year", "intermediate", "pipeline"):
                con.execute(f"create schema {schema}")
            con.execute(
                "create table pipeline.run_context as "
                "select * replace (cast(null as varchar) as live_version) from shop.pipeline.run_context"
            )
            con.execute(FATES)
            con.execute("create table year.issued (customer_key varchar)")
            con.execute("create table year.last_seen (record_key varchar, customer_key varchar)")
            con.execute("create table year.yesterday (customer_key varchar)")
            ((last,),) = con.execute("select max(cast(created_at as date)) from year.records").fetchall()
            copy_published_state(con, load_published_state(), {})
        dbt(self.settings, ["seed", "--select", *SEEDS], self.project)
        return date.fromisoformat(str(last))

    def build(self, day: date) -> None:
        """Let the day's records arrive and run identity and the register."""
        columns = ", ".join(f"cast({name} as {data_type}) as {name}" for name, data_type in CONTRACT.items())
        with self._connect() as con:
            con.execute(
                f"""create or replace table {RECORDS} as
                with today as (
                    select * replace (
                        case when edited_on > date '{day}' or edited_on is null then email
                            when edit = 'new' then 'new.' || email when edit = 'swapped' then other_email end as email,
                        case when edited_on > date '{day}' or edited_on is null then phone
                            when edit = 'swapped' then other_phone end as phone
                    )
                    from year.records
                    where arrives_on <= date '{day}'
                        and (deleted_on is null or deleted_on > date '{day}' or returns_on <= date '{day}')
                )
                select {columns} from today"""
            )
            con.execute(f"update pipeline.run_context set as_of_date = date '{day}'")
        run_models(self.settings, self.project, *REGISTER)

    def check(self, day: date) -> None:
        """Hold the promises, then make this day the live version of the next."""
        with self._connect() as con:
            for promise, query in PROMISES.items():
                if broken := con.execute(query).fetchall():
                    raise RuntimeError(
                        f"{day}: not true that {promise}: {len(broken)} keys, as {broken[0][0]}"
                    )
            con.execute(REMEMBER)
            live = self.settings.out / "live.duckdb"
            live.unlink(missing_ok=True)
            con.execute(f"attach {literal(str(live))} as live")
            for table in STATE:
                con.execute(f"create table live.{table} as from marts.{table}")
            con.execute(f"update pipeline.run_context set live_version = '{day}'")
            copy_published_state(con, load_published_state(), {str(day): "live"})

    def figures(self, first: date) -> dict[str, Any]:
        """What the year did to keys; the first build issues all of its keys and is not counted."""
        with self._connect() as con:
            events = dict(
                con.execute(
                    "select event_type, count(distinct (customer_key, as_of)) from marts.customer_key_events "
                    f"where as_of > date '{first}' group by all order by all"
                ).fetchall()
            )
            ((arrived,),) = con.execute(
                f"select count(*) from year.records where arrives_on > date '{first}'"
            ).fetchall()
            states = con.execute(
                "select key_status, count(*) from marts.customer_keys group by all order by all"
            ).fetchall()
        changed = sum(events.get(kind, 0) for kind in ("merged", "rekeyed"))
        return {
            "records_arrived": arrived,
            "keys": dict(states),
            "events": events,
            "customers_with_another_key_per_10k_new_records": round(1e4 * changed / arrived, 1),
        }

    def differences(self, other: "Year") -> int:
        """Records that two warehouses give to different customers, or that only one has."""
        with self._connect() as con:
            con.execute(f"attach {literal(str(other.settings.warehouse_path))} as other (read_only)")
            (different,) = con.execute(
                "select count(*) from intermediate.int_customers_resolved as ours "
                "full join other.intermediate.int_customers_resolved as theirs using (record_key) "
                "where ours.customer_key is distinct from theirs.customer_key"
            ).fetchall()
        return int(different[0])

    def _connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.settings.warehouse_path))


if __name__ == "__main__":
    main()
