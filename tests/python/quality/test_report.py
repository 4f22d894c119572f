"""The quality report: whole, readable and free of anything from elsewhere."""

import re
from typing import Any

from crm_warehouse.quality.report import render

RULE = {
    "rule": "orders_add_up",
    "table": "orders",
    "why": "Money <appeared>.",
    "passed": False,
    "failing_rows": 1200,
    "error": None,
    "status": "failed",
    "findings": [["2024-03", "10 gross, 12 published"]],
    "note": None,
}


def content(**more: Any) -> dict[str, Any]:
    line = {
        "version": "v",
        "as_of_date": "2025-01-01",
        "rules": 3,
        "warned": 0,
        "overridden": 0,
        "quarantined": 2,
    }
    return {
        "version": "20250102T050000Z",
        "build_id": "b1",
        "as_of_date": "2025-01-01",
        "compared_with": None,
        "arrival": [{**RULE, "rule": "arrival_a", "status": "not_assessed", "findings": []}],
        "arrived": [
            {
                "source_name": "shopify",
                "table_name": "order",
                "entity": "orders",
                "row_count": 1234567,
                "newest_at": "2025-01-01T10:00:00",
                "new_rows": 12,
                "usual": None,
            }
        ],
        "model": [{"rule": "unique_orders_order_key", "status": "pass", "failing_rows": 0}],
        "release": [RULE],
        "quarantined": {"shopify.order": 2},
        "history": [{**line, "rows": {"orders": count}} for count in (10, 12, 11)],
        **more,
    }


def test_every_gate_rule_and_figure_is_there() -> None:
    page = render(content())
    for expected in (
        "Arrival", "Model", "Release", "orders_add_up", "1,200", "10 gross, 12 published", "not assessed",
        "1,234,567", "The last 3 versions", "shopify.order", "Money &lt;appeared&gt;.",
    ):  # fmt: skip
        assert expected in page


def test_it_works_offline() -> None:
    page = render(content())
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)


def test_a_first_version_has_no_history_and_needs_none() -> None:
    page = render(content(history=content()["history"][:1], arrived=[], quarantined={}))
    assert "The last" not in page
    assert "nothing: the first version" in page
