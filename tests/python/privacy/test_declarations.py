"""Nothing personal is forgotten in the YAML: not by its name, and every table says what an erasure does to it."""

import re
from typing import Any

import pytest

from crm_warehouse.ingest.declaration import load_platforms
from crm_warehouse.privacy.versions import ANONYMIZE, CUSTOMER_KEY, DELETE, KEEP_KEY
from crm_warehouse.transform import read_manifest

LOOKS_PERSONAL = re.compile(
    r"^(?!.*_source$).*?"  # where a value came from is not the value
    r"(e?mail(_normalized)?$|phone|(first|last|full|middle|sur)_?name$|^name$|address(_line|_?\d)?$|street|^city$|_city$"
    r"|postal|^zip$|_zip$|birth|^subject$|^body$|comment|passport|iban|latitude|longitude|^ip(_|$)|user_agent|password)"
)
NOT_ABOUT_PEOPLE = {
    "klaviyo.metric.name",
    "klaviyo.campaign.name",
    "klaviyo.campaign.subject",
    "klaviyo.flow.name",
    "shopify.order.name",  # the order's number
    "shopify.product_option.name",
    "shopify.customer.verified_email",
    "klaviyo.person.email_consent",
    "shopify.customer.default_address_id",
    "segments.name",
    "segment_summary.name",
    "campaign_performance.name",
    "campaign_performance.subject",
}


@pytest.fixture(scope="module")
def marts() -> list[dict[str, Any]]:
    nodes = read_manifest()["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"]


def test_every_raw_column_that_looks_personal_is_declared_so() -> None:
    missed = [
        name
        for platform in load_platforms().values()
        for table in platform.tables.values()
        for column in table.columns
        if column.data_type == "string" and LOOKS_PERSONAL.search(column.name) and not column.personal
        if (name := f"{platform.name}.{table.name}.{column.name}") not in NOT_ABOUT_PEOPLE
    ]
    assert missed == []


def test_every_raw_table_with_personal_columns_says_whose_they_are() -> None:
    nobodys = [
        f"{platform.name}.{table.name}"
        for platform in load_platforms().values()
        for table in platform.tables.values()
        if any(column.personal for column in table.columns)
        and not any(column.person or column.record for column in table.columns)
    ]
    assert nobodys == []


def test_every_mart_column_that_looks_personal_is_tagged(marts: list[dict[str, Any]]) -> None:
    missed = [
        name
        for node in marts
        for column in node["columns"].values()
        if column["data_type"] == "string" and LOOKS_PERSONAL.search(column["name"])
        if not column["config"]["meta"].get("personal")
        and (name := f"{node['name']}.{column['name']}") not in NOT_ABOUT_PEOPLE
    ]
    assert missed == []


def test_every_mart_about_people_says_what_an_erasure_does(marts: list[dict[str, Any]]) -> None:
    silent = [
        node["name"]
        for node in marts
        if CUSTOMER_KEY in node["columns"]
        or any(column["config"]["meta"].get("personal") for column in node["columns"].values())
        if node["config"]["meta"].get("on_erasure") not in {DELETE, ANONYMIZE, KEEP_KEY}
    ]
    assert silent == []
