"""Exceptions hold while they are valid, and only with everything that explains them."""

from datetime import date
from pathlib import Path

import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.quality.overrides import active_overrides

HEADER = "rule,subject,approved_by,reason,approved_on,valid_until\n"


def listed(folder: Path, line: str) -> Path:
    path = folder / "gate_overrides.csv"
    path.write_text(HEADER + line + "\n")
    return path


@pytest.mark.parametrize(
    ("today", "count"), [("2025-05-31", 0), ("2025-06-01", 1), ("2025-06-10", 1), ("2025-06-11", 0)]
)
def test_an_override_holds_from_its_first_to_its_last_day(tmp_path: Path, today: str, count: int) -> None:
    path = listed(tmp_path, "some_rule,*,head of data,known back-fill,2025-06-01,2025-06-10")
    assert len(active_overrides(path, date.fromisoformat(today))) == count


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("some_rule,*,,why,2025-06-01,2025-06-10", "approved_by is empty"),
        ("some_rule,*,who,,2025-06-01,2025-06-10", "reason is empty"),
        ("some_rule,*,who,why,2025-06-01,soon", "is no override"),
        ("some_rule,*,who,why,2025-06-01,2026-06-01", "at most 92 days"),
    ],
)
def test_an_override_that_does_not_explain_itself_is_refused(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(WarehouseError, match=message):
        active_overrides(listed(tmp_path, line), date(2025, 6, 5))


def test_no_list_is_no_override(tmp_path: Path) -> None:
    assert active_overrides(tmp_path / "none.csv") == []
