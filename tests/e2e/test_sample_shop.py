"""The sample shop from raw files to published marts, in both shapes Shopify lands in and as of an earlier day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crm_warehouse.sample import write_sample
from crm_warehouse.transform import read_manifest
from tests.e2e.compare import differences
from tests.e2e.conftest import Build
from tests.e2e.kpi_queries import FORMULAS, MEASURES, mismatches

CUSTOMERS = 400
EARLIER = date(2024, 12, 31)
PAIRS = """
with records as (
    select customer_key, person_id from customer_identifiers inner join '{truth}' using (record_key)
)
select
    (select sum(n * (n - 1)) from (select count(*) as n from records group by all)),
    (select sum(n * (n - 1)) from (select count(*) as n from records group by customer_key)),
    (select sum(n * (n - 1)) from (select count(*) as n from records group by person_id))
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_sample(folder, customers=CUSTOMERS)
    write_spend(folder / "marketing")
    return folder


def write_spend(folder: Path) -> None:
    """What a shop types into a spreadsheet: the only input that no connector brings."""
    folder.mkdir()
    campaigns = [f"2024-{month:02d}-15,Google,all,{month * 10}.50,,EUR" for month in range(1, 13)]
    (folder / "marketing_spend.csv").write_text(
        "\n".join(["date,channel,campaign_id,cost,impressions,currency", *campaigns, ""])
    )


@pytest.fixture(scope="module")
def shop(raw: Path, built: Callable[..., Build]) -> Build:
    return built(raw)


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
    assert set(figures) == {*MEASURES, *FORMULAS}
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


def test_records_of_one_person_are_one_customer_and_nobody_elses(raw: Path, shop: Build) -> None:
    together, in_one_customer, of_one_person = shop.query(
        PAIRS.format(truth=raw / "_truth" / "records.parquet")
    )[0]
    assert together / in_one_customer > 0.99
    assert together / of_one_person > 0.6


def test_the_graphql_shape_of_the_same_shop_gives_the_same_money(
    shop: Build, tmp_path: Path, built: Callable[..., Build]
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
    graphql = built(tmp_path)
    commerce = {"orders", "order_lines", "refunds", "products"}
    assert differences(shop.marts, graphql.marts, tables=commerce, ignore=about_people) == {}


def test_an_earlier_day_is_rebuilt_as_it_could_have_been_known(
    raw: Path, tmp_path: Path, built: Callable[..., Build]
) -> None:
    write_sample(tmp_path, customers=CUSTOMERS, until=EARLIER)
    rebuilt = built(raw, as_of=EARLIER)
    then = built(tmp_path, as_of=EARLIER)
    assert differences(rebuilt.marts, then.marts, ignore=overwritten_columns()) == {}


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
