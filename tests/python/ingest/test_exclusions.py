"""Known-bad records: left out with what belongs to them, kept in quarantine and counted."""

from pathlib import Path

import pytest

from tests.python.ingest.landing import Shop

HEADER = "source_name,table_name,record_id,reason,excluded_on\n"


@pytest.fixture
def exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "exclusions.csv"
    monkeypatch.setenv("CRM_EXCLUSIONS", str(path))
    return path


def test_an_excluded_record_and_its_lines_are_left_out_and_accounted_for(shop: Shop, exclude: Path) -> None:
    before = shop.table("order").row_count
    exclude.write_text(HEADER + "shopify,order,3,test order of a million,2025-01-01\n")
    report = shop.table("order")
    assert report.row_count == before - 1
    assert report.raw_row_count == report.row_count + report.quarantined_count + report.deleted_count
    assert "1 rows excluded by seeds/exclusions.csv" in (report.note or "")
    assert ("order", "excluded", "3") in shop.rows(
        "select table_name, rule, record_id from pipeline.quarantine"
    )
    assert shop.rows("select count(*) from conformed_shopify.order_line where order_id = 3") == [(0,)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("shopify,order,3,,2025-01-01", "line 2 is no exclusion"),
        ("shopify,order,3,why,someday", "line 2 is no exclusion"),
        ("shopify,nonsense,3,why,2025-01-01", "table nonsense of source shopify"),
    ],
)
def test_an_exclusion_that_cannot_apply_is_refused(
    shop: Shop, exclude: Path, line: str, message: str
) -> None:
    exclude.write_text(HEADER + line + "\n")
    assert message in shop.error()


def test_an_exclusion_of_another_shop_changes_nothing(shop: Shop, exclude: Path) -> None:
    exclude.write_text(HEADER + "another_shop,order,3,why,2025-01-01\n")
    assert shop.table("order").quarantined_count == 0
