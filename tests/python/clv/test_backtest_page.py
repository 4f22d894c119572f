"""The backtest page stands alone and shows what was measured."""

import re
from datetime import date

from crm_warehouse.backtest.compare import Comparison
from crm_warehouse.backtest.page import render
from crm_warehouse.clv.metrics import Decile


def test_the_page_needs_nothing_from_elsewhere_and_shows_its_charts() -> None:
    page = render(
        Comparison(
            as_of=date(2024, 3, 31),
            horizon_days=90,
            figures={
                "customers": 1234,
                "brier": 0.1666,
                "auc": None,
                "choice": [[90, "formula", "<b>", "x", "passed", "y"]],
            },
            calibration=[Decile(10, 0.2, 0.25), Decile(10, 0.8, 0.7)],
            gains=[(0.0, 0.0), (0.5, 0.8), (1.0, 1.0)],
            tracking=[(1, 3.0, 2.5), (2, 6.0, None)],
        )
    )
    assert page.count("<svg") == 3
    assert not re.search(r"(src|href)\s*=\s*[\"']?https?:", page)
    assert "<script" not in page
    assert "1,234" in page
    assert "0.167" in page
    assert "&lt;b&gt;" in page
