"""The sample shop from raw files to published marts, in both shapes Shopify lands in and as of an earlier day."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crm_warehouse.backtest import __main__ as backtest
from crm_warehouse.privacy import vault
from crm_warehouse.privacy.__main__ import main as privacy
from crm_warehouse.privacy.proof import search
from crm_warehouse.publish.layout import DBT_DOCS_FILE, SITE_FILE
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.versions import list_versions
from crm_warehouse.sample import write_sample
from crm_warehouse.settings import PROJECT_DIR, Settings
from crm_warehouse.transform import read_manifest
from tests.e2e.compare import differences
from tests.e2e.conftest import CUSTOMERS, Build, run_build, write_spend
from tests.e2e.kpi_queries import FORMULAS, MEASURES, OF_MONTHS, mismatches
from tests.e2e.report_pages import faults_of
from tests.python.report.test_site import content_of

EARLIER = date(2024, 12, 31)
HORIZON = 90
LAST_DAY, NEXT_DAY = date(2025, 6, 30), date(2025, 7, 1)
PAIRS = """
with records as (
    select customer_key, person_id from customer_identifiers inner join '{truth}' using (record_key)
)
select
    (select sum(n * (n - 1)) from (select count(*) as n from records group by all)),
    (select sum(n * (n - 1)) from (select count(*) as n from records group by customer_key)),
    (select sum(n * (n - 1)) from (select count(*) as n from records group by person_id))
"""
# Who may be written to is overwritten in place, so their very rows are those of today.
RESTING_ON_CONSENT = {"journey_occasions", "journey_triggers", "audience_exports", "segment_changes"}
# Somebody who bought and asked, under an address of their own.
ASKER = """
select customer_key, min(email_normalized), any_value(order_total)
from customer_identifiers
semi join tickets using (customer_key)
inner join (select customer_key, count(*) as order_total from orders group by all) using (customer_key)
where
    email_normalized is not null
    and email_normalized not in (
        select email_normalized from customer_identifiers
        where email_normalized is not null
        group by all having count(distinct customer_key) > 1
    )
group by customer_key
having count(distinct record_type) filter (where record_type in ('customer', 'profile', 'requester')) = 3
order by customer_key limit 1
"""
# What was known on a day, and what that day's version told; scores may lag a step behind (decision 106).
STATE = """
    customer_key, email_consent_status, sms_consent_status, is_email_contactable, is_sms_contactable, lifecycle_stage,
    rfm_group, loyalty_tier, churn_risk_band
"""
KNOWN_ON = f"""
select {STATE} from customer_360_history
where valid_from <= date '{{day}}' and (valid_to is null or valid_to >= date '{{day}}')
order by customer_key
"""
TOLD = f"select {STATE} from customer_360 where customer_key <> '{{key}}' order by customer_key"
# Shop customers with a profile and an address of their own, who agreed to e-mail and have been quiet.
REACHABLE = """
select customer_key, min(record_id) filter (where record_type = 'customer'),
    min(record_id) filter (where record_type = 'profile'), min(email_normalized)
from customer_identifiers
semi join (
    select customer_key from customer_360
    where is_email_contactable and open_checkout_count = 0 and last_ordered_at < timestamp '2025-06-01'
        and coalesce(segment_keys, '') not like '%unhappy%'
) using (customer_key)
group by customer_key
having count(distinct record_type) filter (where record_type in ('customer', 'profile')) = 2
    and count(*) filter (where record_type = 'profile') = 1 and count(distinct email_normalized) = 1
order by customer_key
"""
TOTALS = """
select
    (select count(*) from orders), (select sum(net_amount) from orders), (select sum(quantity) from order_lines),
    (select sum(refund_amount) from refunds), (select count(*) from checkouts),
    (select count(*) from message_events), (select count(*) from site_events), (select count(*) from tickets),
    (select sum(reopen_count) from tickets)
"""


def test_every_mart_is_published_and_none_is_empty_by_accident(shop: Build) -> None:
    marts = {node["name"] for node in marts_of_the_project()}
    published = {name for (name,) in shop.query("select table_name from information_schema.tables")}
    assert published - {"warehouse_version", "published_versions", "schema_changes"} == marts
    # First version: nothing before. The sample's campaigns have no A/B tests.
    assert {name for name in marts if not shop.value(f"select count(*) from {name}")} == {
        "campaign_variations",
        "segment_changes",
        "segment_flows",
    }


def test_the_summary_tells_sources_customers_gates_version_and_where_to_look(shop: Build) -> None:
    for expected in (
        "shopify",
        "klaviyo",
        "zendesk",
        "Customers",
        "Gates",
        "release",
        "Published",
        "Look next",
    ):
        assert expected in shop.output


@pytest.mark.parametrize(("mart", "period"), [("kpi_daily", "day"), ("kpi_monthly", "month")])
def test_every_key_figure_is_what_the_facts_say(raw: Path, shop: Build, mart: str, period: str) -> None:
    shown = [name for (name,) in shop.query(f"select column_name from (describe {mart})")]
    figures = [name for name in shown if name not in {"period_start", "period_end", "as_of", "currency_code"}]
    assert set(figures) == {*MEASURES, *FORMULAS} - (OF_MONTHS if period == "day" else set())
    wrong = {
        figure: rows[:3]
        for figure in figures
        if (rows := shop.query(mismatches(figure, mart, period, str(raw / "klaviyo"))))
    }
    assert wrong == {}


def test_only_complaints_may_be_missing_from_so_small_a_shop(shop: Build) -> None:
    sums = ", ".join(f"sum({figure})" for figure in [*MEASURES, *FORMULAS])
    values = shop.query(f"select {sums} from kpi_monthly")[0]
    zero = {name for name, value in zip([*MEASURES, *FORMULAS], values, strict=True) if not value}
    assert zero <= {"email_marked_spam_count", "email_spam_rate"}


SEGMENT_FIGURES = """
with facts as (
    select customer_key, order_date as day, 1 as orders, sales_amount as sales, 0 as refunds
    from orders where is_counted
    union all
    select customer_key, refund_date, 0, 0, refund_amount from refunds where is_counted
)
select
    segment_key, count(distinct customer_key) filter (where orders > 0), sum(orders), round(sum(sales), 2),
    count(distinct customer_key) filter (where refunds > 0), round(sum(refunds), 2)
from facts inner join customer_segments using (customer_key)
where day > (select as_of_date - 365 from warehouse_version)
group by all
"""


def test_the_report_says_what_the_marts_say_and_nothing_of_few_people(shop: Build) -> None:
    content = content_of((shop.out / "published" / SITE_FILE).read_text())
    figure = content["figures"]["periods"]
    rows = [dict(zip(figure["columns"], row, strict=True)) for row in figure["rows"]]
    year = {row["segment"]: row for row in rows if row["period"] == "365" and not row["is_previous"]}
    expected = {segment: values for segment, *values in shop.query(SEGMENT_FIGURES)}
    assert {segment for segment, row in year.items() if row["people"] is not None} >= {
        "",
        "rfm_champions",
        "vip",
    }
    for segment, (people, orders, sales, refunded, refunds) in expected.items():
        row = year[segment]
        assert (row["people"], row["order_count"], row["sales_amount"]) in (
            (people, orders, float(sales)),
            (None, None, None),
        )
        assert (row["people_refunded"], row["refund_amount"]) in ((refunded, float(refunds)), (None, None))
        assert all(shown is None or not 0 < shown < 10 for shown in (row["people"], row["people_refunded"]))
    days = "from kpi_daily where period_start > (select as_of_date - 365 from warehouse_version)"
    everybody = shop.query(
        f"select sum(order_count), sum(sales_amount), sum(refund_amount), sum(ticket_count) {days}"
    )[0]
    found = [year[""][name] for name in ("order_count", "sales_amount", "refund_amount", "ticket_count")]
    assert found == [float(value) for value in everybody]
    few = {segment for segment, (people, *_) in expected.items() if 0 < people < 10}
    assert few and all(year[segment]["sales_amount"] is None for segment in few)


def test_the_report_is_part_of_its_version_small_and_without_personal_data(raw: Path, shop: Build) -> None:
    published = shop.out / "published"
    (version,) = (published / "versions").iterdir()
    sealed = json.loads((version / "manifest.json").read_text())["files"]
    assert {SITE_FILE, DBT_DOCS_FILE, "quality.html"} <= set(sealed)
    assert (published / SITE_FILE).resolve() == (version / SITE_FILE).resolve()
    assert sum(sealed[name]["bytes"] for name in (SITE_FILE, DBT_DOCS_FILE)) < 3_000_000
    page = (published / SITE_FILE).read_text().lower()
    names = {value for value in personal_values(raw) if "@" in value or " " in value}
    assert names and {value for value in names if f'"{value}"' in page} == set()
    assert "report.html" in shop.output


def test_the_report_looks_right_in_a_browser(shop: Build) -> None:
    faults, places = faults_of(shop.out / "published" / "current" / SITE_FILE, "sample")
    assert faults == []
    assert places["overview"]["charts"] == 4 and places["clv"]["charts"] >= 3
    assert "Champions" in places["segments"]["text"]
    assert "churn_probability" in places["dictionary?q=churn"]["text"]
    assert "marketing_spend" not in places["dictionary?q=churn"]["text"]
    assert "Timeline" in places["customers"]["text"] and "Order placed" in places["customers"]["text"]
    assert places["overview"]["text"] != places["overview?segment=rfm_champions&period=90"]["text"]


def test_records_of_one_person_are_one_customer_and_nobody_elses(raw: Path, shop: Build) -> None:
    together, in_one_customer, of_one_person = shop.query(
        PAIRS.format(truth=raw / "_truth" / "records.parquet")
    )[0]
    assert together / in_one_customer > 0.99
    assert together / of_one_person > 0.6


def test_the_graphql_shape_of_the_same_shop_gives_the_same_money(
    shop: Build, tmp_path: Path, built_here: Callable[..., Build]
) -> None:
    write_sample(tmp_path, customers=CUSTOMERS, shopify_shape="graphql")
    # GraphQL checkouts carry no e-mail address, so who is who rests on fewer records there.
    about_people = {
        ("orders", "customer_key"),
        ("orders", "order_sequence_number"),
        ("orders", "is_first_order"),
        ("orders", "days_since_previous_order"),
        ("order_lines", "customer_key"),
        ("refunds", "customer_key"),
    }
    graphql = built_here(tmp_path)
    commerce = {"orders", "order_lines", "refunds", "products"}
    assert differences(shop.marts, graphql.marts, tables=commerce, ignore=about_people) == {}


@pytest.fixture(scope="module")
def earlier(raw: Path, built_here: Callable[..., Build]) -> Build:
    """The same shop as of an earlier day."""
    return built_here(raw, as_of=EARLIER)


def test_an_earlier_day_is_rebuilt_as_it_could_have_been_known(
    earlier: Build, tmp_path: Path, built_here: Callable[..., Build]
) -> None:
    write_sample(tmp_path, customers=CUSTOMERS, until=EARLIER)
    write_spend(tmp_path / "marketing", until=EARLIER)
    then = built_here(tmp_path, as_of=EARLIER)
    tables = {node["name"] for node in marts_of_the_project()} - RESTING_ON_CONSENT
    assert differences(earlier.marts, then.marts, tables=tables, ignore=overwritten_columns()) == {}


def test_a_backtest_says_what_came_of_the_scores(
    raw: Path, shop: Build, earlier: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command with both of its builds taken from above; the later one sees further, which must not matter."""

    def take(settings: Settings, models: tuple[str, ...], *, with_fit: bool) -> None:
        assert settings.as_of == (EARLIER if with_fit else EARLIER + timedelta(days=HORIZON))
        settings.out.mkdir(parents=True)
        settings.warehouse_path.symlink_to((earlier if with_fit else shop).out / "warehouse.duckdb")

    monkeypatch.setattr(backtest, "_build", take)
    command = ["--raw", str(raw), "--out", str(tmp_path), "--as-of", str(EARLIER), "--horizon"]
    assert backtest.main([*command, str(HORIZON)]) == 0
    page = tmp_path / f"backtest_{EARLIER}_{HORIZON}.html"
    assert page.read_text().count("<svg") == 3
    figures = json.loads(page.with_suffix(".json").read_text())
    came = f"is_purchase and order_date > date '{EARLIER}' and order_date <= date '{EARLIER}' + {HORIZON}"
    known = f"select customer_key from orders where is_purchase and order_date <= date '{EARLIER}'"
    orders, customers = shop.query(
        "select count(distinct (customer_key, order_date)), count(distinct customer_key) from orders "
        f"where {came} and customer_key in ({known})"
    )[0]
    assert figures["actual_orders"] == pytest.approx(orders, abs=2)  # two may have turned out to be one since
    assert 1 - figures["actual_churn_rate"] == pytest.approx(customers / figures["customers"], abs=0.01)
    assert figures["auc"] > 0.7
    assert backtest.main([*command, "400"]) == 1


def test_columns_that_are_not_tagged_hold_nothing_personal(raw: Path, shop: Build) -> None:
    people = personal_values(raw)
    impersonal = replace(shop, marts_name="marts_no_personal_data.duckdb")
    kept = {name for name, _ in text_columns(impersonal)} | {"site_events"}
    assert kept >= {"customer_360", "customers", "customer_identifiers", "orders", "tickets"}
    leaks = {
        f"{table}.{column}"
        for table, column in text_columns(impersonal)
        if people & {row[0] for row in impersonal.query(f'select distinct lower("{column}") from "{table}"')}
        or impersonal.query(f'select 1 from "{table}" where "{column}" like \'%_@_%._%\' limit 1')
    }
    assert leaks == set()
    tagged = {
        (node["name"], name)
        for node in marts_of_the_project()
        for name, column in node["columns"].items()
        if column["config"]["meta"].get("personal")
    }
    assert set(columns(shop)) - set(columns(impersonal)) == tagged  # a day of birth is no text
    for table in ("customers", "orders", "message_events", "customer_events"):
        assert impersonal.query(f"select count(*) from {table}") == shop.query(
            f"select count(*) from {table}"
        )


def test_an_erased_person_is_found_nowhere_and_totals_stay(raw: Path, shop: Build, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(shop.out, out, symlinks=True)
    settings = Settings(raw=raw, out=out)
    key, email, orders = shop.query(ASKER)[0]
    (exports,) = shop.query(f"select count(*) from audience_exports where customer_key = '{key}'")[0]
    totals = shop.query(TOTALS)[0]
    exported = tmp_path / "person.json"
    assert privacy(["export", "--out", str(out), "--customer-key", key, "--to", str(exported)]) == 0
    known = json.loads(exported.read_text())
    assert exported.stat().st_mode & 0o777 == 0o600
    assert len(known["published"]["orders"]) == orders
    assert {"klaviyo.person", "zendesk.ticket_comment"} <= set(known["sources"])
    sought = {email} | {
        value
        for table in ("shopify.customer", "klaviyo.person", "zendesk.user")
        for row in known["sources"].get(table, [])
        for value in (row.get("email"), row.get("phone"), row["id"] if table != "zendesk.user" else None)
        if value
    }
    assert privacy(["erase", "--out", str(out), "--email", email]) == 0
    assert search(settings, map(str, sought)).findings

    rebuilt = run_build(raw, out, as_of=NEXT_DAY)
    assert rebuilt.returncode == 0, rebuilt.output[-6000:]
    assert email not in rebuilt.output
    # Two builds of two days: what was known on each is a query, the erased person aside.
    before, after = shop.query(TOLD.format(key=key)), rebuilt.query(TOLD.format(key=key))
    assert rebuilt.query(KNOWN_ON.format(day=LAST_DAY)) == before
    assert rebuilt.query(KNOWN_ON.format(day=NEXT_DAY)) == after
    assert before != after
    assert rebuilt.query(TOTALS)[0] == totals
    assert [str(finding) for finding in search(settings, map(str, sought)).findings] == []
    assert rebuilt.value("select count(*) from customers") == shop.value("select count(*) from customers") - 1
    told = rebuilt.query(
        "select is_removed, email, phone, email_sha256_meta, lifecycle_stage from audience_exports "
        f"where customer_key = '{key}'"
    )
    assert told == [(True, None, None, None, None)] * exports
    assert vault.open_requests(settings) == []
    assert len((out / "private" / "receipts.jsonl").read_text().splitlines()) == 1
    old, _ = sorted(version.version for version in list_versions(settings))
    rollback(settings, old)
    assert rebuilt.query(TOTALS)[0] == totals
    assert rebuilt.query(f"select count(*) from customer_360 where customer_key = '{key}'") == [(0,)]
    reports = [version.folder / SITE_FILE for version in list_versions(settings)]
    assert len(reports) == 2 and not any(key in report.read_text() for report in reports)


def test_the_hourly_job_knows_an_hour_later_who_left_a_cart(raw: Path, shop: Build, tmp_path: Path) -> None:
    fresh, out = tmp_path / "raw", tmp_path / "out"
    shutil.copytree(raw, fresh)
    shutil.copytree(shop.out, out, symlinks=True)
    people = shop.query(REACHABLE)
    due, too_early, ordered, opted_out, answered, erased, guest = people[:7]
    left = [(person[1], None, "08:50") for person in (due, ordered, opted_out, answered, erased)]
    append_checkouts(fresh, [*left, (too_early[1], None, "09:10"), (None, guest[3], "08:50")])
    append(
        fresh / "shopify" / "order.parquet",
        f"select * replace (990000001 as id, {ordered[1]} as customer_id, timestamp '2025-07-01 09:30' as created_at, "
        f"timestamp '2025-07-01 09:30' as processed_at, timestamp '2025-07-01 09:31' as _fivetran_synced) from old "
        "where cancelled_at is null and financial_status = 'paid' and not coalesce(test, false) limit 1",
    )
    append(
        fresh / "klaviyo" / "event.parquet",
        f"select * replace ('opt-out' as id, '{opted_out[2]}' as person_id, timestamp '2025-07-01 09:30' as datetime, "
        f"timestamp '2025-07-01 09:31' as _fivetran_synced) from old where metric_id in (select id from "
        f"'{fresh}/klaviyo/metric.parquet' where name ilike 'unsubscribed%') limit 1",
    )
    (fresh / "journeys").mkdir()
    (fresh / "journeys" / "journey_sends.csv").write_text(
        f"journey_key,customer_key,sent_at\nabandoned_cart,{answered[0]},2025-07-01 08:55:00\n"
    )
    assert privacy(["erase", "--out", str(out), "--customer-key", erased[0]]) == 0
    live = (out / "published" / "current").readlink()

    command = [sys.executable, "-m", "crm_warehouse.journeys", "--raw", str(fresh), "--out", str(out)]
    run = subprocess.run(
        [*command, "--at", "2025-07-01T10:00:00"], cwd=PROJECT_DIR, capture_output=True, text=True
    )

    assert run.returncode == 0, run.stdout + run.stderr
    hourly = replace(shop, out=out, marts_name="journeys.duckdb")
    carts = hourly.query("select customer_key from journey_triggers where journey_key = 'abandoned_cart'")
    assert {key for (key,) in carts} & {person[0] for person in people[:7]} == {due[0], guest[0]}
    assert hourly.query("select distinct as_of_at from journey_triggers") == [(datetime(2025, 7, 1, 10),)]
    assert hourly.query(f"select 1 from journey_triggers where customer_key = '{erased[0]}'") == []
    assert (out / "published" / "current").readlink() == live
    assert not list((out / "journeys").glob("*.duckdb*")) and not (out / "journeys" / "ingest").exists()


def append_checkouts(raw: Path, checkouts: list[tuple[str | None, str | None, str]]) -> None:
    """Checkouts of the 1st of July that nobody completed: customer, or else address, and time."""
    for number, (customer, email, at) in enumerate(checkouts):
        append(
            raw / "shopify" / "abandoned_checkout.parquet",
            f"select * replace (990000000 + {number} as id, {customer or 'null'} as customer_id, "
            f"{repr(email) if email else 'null'} as email, timestamp '2025-07-01 {at}' as created_at, "
            f"null as completed_at, timestamp '2025-07-01 {at}' as _fivetran_synced) from old limit 1",
        )


def append(table: Path, rows: str) -> None:
    """Land more rows of a raw table; `old` are those that are there."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"create table old as from '{table}'")
        con.execute(f"insert into old {rows}")
        con.execute(f"copy old to '{table}'")


def personal_values(raw: Path) -> set[str]:
    """Addresses, phones, full names and streets of everybody in the raw files, as typed and in lower case."""
    columns = {
        "shopify/customer": ["email", "phone", "first_name || ' ' || last_name"],
        "shopify/customer_address": ["address_1", "zip", "city"],
        "shopify/order": [
            "email",
            "billing_address_first_name || ' ' || billing_address_last_name",
            "billing_address_phone",
            "shipping_address_address_1",
        ],
        "klaviyo/person": ["email", "phone_number", "address_1"],
        "zendesk/user": ["email", "phone", "name"],
        "zendesk/ticket_comment": ["body"],
        "zendesk/ticket": ["subject"],
        "feedback/answer": ["email", "comment"],
    }
    with duckdb.connect() as con:
        return {
            row[0]
            for table, names in columns.items()
            if (raw / f"{table}.parquet").exists()  # REST keeps no addresses of its own
            for name in names
            for row in con.execute(
                f"select distinct lower(cast({name} as varchar)) from '{raw / table}.parquet' where length({name}) > 3"
            ).fetchall()
        }


def text_columns(build: Build) -> list[tuple[str, str]]:
    return columns(build, "data_type = 'VARCHAR'")


def columns(build: Build, condition: str = "true") -> list[tuple[str, str]]:
    rows = build.query(
        f"select table_name, column_name from duckdb_columns() where not internal and {condition}"
    )
    return [(table, column) for table, column in rows]


def overwritten_columns() -> set[tuple[str, str]]:
    """Mart columns declared to hold what raw data overwrites in place."""
    return {
        (node["name"], column["name"])
        for node in marts_of_the_project()
        for column in node["columns"].values()
        if column["config"]["meta"].get("overwritten")
    }


def marts_of_the_project() -> list[dict[str, Any]]:
    models = [node for node in read_manifest()["nodes"].values() if node["resource_type"] == "model"]
    return [node for node in models if node["fqn"][1] == "marts"]
