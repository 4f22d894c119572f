"""The page: one valid file that loads nothing, whatever a shop is called and however little it has."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import html5lib
import pytest

from crm_warehouse.publish.layout import DBT_DOCS_FILE, SITE_FILE, Candidate
from crm_warehouse.report import documents
from crm_warehouse.report.dbt_docs import shown_manifest, write_dbt_docs
from crm_warehouse.report.site import embedded_json, write_site
from crm_warehouse.settings import Settings
from tests.e2e.report_pages import faults_of

PERSON = {
    "customer_key": "c1",
    "email": "ada@example.org",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "lifecycle_stage": "lead",
}


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    return lambda **project_vars: Settings(raw=tmp_path, out=tmp_path, var_overrides=project_vars)


def loaded(page: str) -> list[str]:
    """What a browser would fetch for it; what scripts would is refused by its policy, which the browser tests see."""
    # Strict: an error of HTML raises.
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return [
        str(element.attrib)
        for element in tree.iter()
        for name in ("src", "srcset", "data", "poster", "action", "background", "href")
        if name in element.attrib and not (element.tag == "a" and not element.attrib[name].startswith("http"))
    ]


def content_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def test_an_empty_shop_gets_a_valid_page_that_loads_nothing(
    version: Callable[..., Path], settings: Callable[..., Settings]
) -> None:
    page = write_site(settings(), version(sources=())).read_text()
    assert loaded(page) == []
    assert "default-src 'none'" in page
    assert "url(" not in page.split("</style>")[0] and "@import" not in page.split("</style>")[0]
    assert content_of(page)["connected"] == dict.fromkeys(
        ("commerce", "messaging", "helpdesk", "marketing", "feedback", "journeys"), False
    )


def test_personal_data_is_off_until_asked_for(
    version: Callable[..., Path], settings: Callable[..., Settings]
) -> None:
    folder = version({"customer_360": [PERSON]})
    page = write_site(settings(), folder).read_text()
    assert "c1" in page and not {"Lovelace", "ada@example.org"} & set(re.findall(r'"([^"]*)"', page))
    assert content_of(page)["is_personal"] is False
    page = write_site(settings(report_personal_data=True), folder).read_text()
    assert content_of(page)["is_personal"] is True
    assert "ada@example.org" in page
    page = write_site(settings(report_customers=0), folder).read_text()
    assert '"c1"' not in page


def test_names_cannot_leave_the_data() -> None:
    evil = {"name": '</script><script>alert(1)</script><!-- \u2028 & "quoted"'}
    text = embedded_json(evil)
    assert "<" not in text and "\u2028" not in text
    assert json.loads(text) == evil


def test_the_dictionary_has_every_table_column_and_what_is_personal(
    version: Callable[..., Path], settings: Callable[..., Settings], manifest: dict[str, Any]
) -> None:
    content = content_of(write_site(settings(), version()).read_text())
    tables = {table["name"]: table for table in content["tables"]}
    columns = {name: personal for name, _, _, personal in tables["customer_360"]["columns"]}
    assert columns["email"] == 1 and columns["customer_key"] == 0
    marts = {
        n["alias"]
        for n in manifest["nodes"].values()
        if n["resource_type"] == "model" and n["fqn"][1] == "marts"
    }
    assert set(tables) == marts


def test_dbt_docs_hold_the_project_and_no_more(
    version: Callable[..., Path], manifest: dict[str, Any]
) -> None:
    candidate = Candidate.read(version())
    path = write_dbt_docs(candidate, manifest)
    assert path.stat().st_size < 1_300_000
    assert loaded(path.read_text()) == []
    shown = shown_manifest(manifest)
    assert set(shown["nodes"]) == set(manifest["nodes"])
    assert shown["nodes"]["model.crm_warehouse.customer_360"]["columns"]
    assert {macro["package_name"] for macro in shown["macros"].values()} == {"crm_warehouse"}
    assert shown["metadata"]["send_anonymous_usage_stats"] is False


def test_a_report_that_cannot_be_written_is_missing_and_said_to_be(
    version: Callable[..., Path],
    settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = version()
    (folder / SITE_FILE).write_text("of another version")

    def fail(*_: object) -> Path:
        raise ValueError("ada@example.org")

    monkeypatch.setattr(documents, "write_site", fail)
    found = documents.Documents()
    documents.renew_site(settings(), folder, found)
    assert not (folder / SITE_FILE).exists()
    assert set(found.problems) == {SITE_FILE}
    assert "ada@example.org" not in caplog.text + str(found.problems)
    assert "report.html could not be written (ValueError" in caplog.text


def test_a_full_disk_is_not_taken_for_a_fault_of_the_report(
    version: Callable[..., Path], settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise OSError("No space left on device")

    monkeypatch.setattr(documents, "write_site", fail)
    with pytest.raises(OSError, match="No space left"):
        documents.renew_site(settings(), version())


def test_the_report_links_what_is_there(
    version: Callable[..., Path], settings: Callable[..., Settings]
) -> None:
    folder = version()
    assert content_of(write_site(settings(), folder).read_text())["documents"]["dbt"] is None
    (folder / DBT_DOCS_FILE).write_text("")
    assert content_of(write_site(settings(), folder).read_text())["documents"]["dbt"] == DBT_DOCS_FILE


def test_an_empty_shop_says_so_on_every_page(
    version: Callable[..., Path], settings: Callable[..., Settings]
) -> None:
    faults, places = faults_of(write_site(settings(), version(sources=())), "empty")
    assert faults == []
    assert "No helpdesk source is connected" in places["support"]["text"]
    assert "No messaging source is connected" in places["campaigns"]["text"]
    for page in ("overview", "segments", "clv", "churn", "retention", "customers"):
        assert places[page]["charts"] == 0 and len(places[page]["text"]) > 10


def test_names_of_a_shop_are_shown_as_they_are_and_do_nothing(
    version: Callable[..., Path], settings: Callable[..., Settings]
) -> None:
    name = "</script><img src=x onerror=alert(1)> & {{7*7}}"
    message = {"message_key": "m", "name": name, "message_type": "campaign", "channel": "email"}
    days = {"message_key": "m", "event_date": "2025-06-20", "delivered_count": 50, "clicker_count": 1}
    report = write_site(settings(), version({"campaign_performance": [message], "message_days": [days]}))
    faults, places = faults_of(report, "names", places=("campaigns",))
    assert faults == []
    assert name in places["campaigns"]["text"]
