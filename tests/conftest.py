"""What all tests share."""

import os
from pathlib import Path

import pytest

from crm_warehouse.settings import PROJECT_DIR


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real and labelled data sets, which are not part of the project; tests that need one skip without it."""
    return Path(os.environ.get("CRM_SHARED_DATA", PROJECT_DIR.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The linters first: one of them runs for minutes, and would keep the other core waiting at the end."""
    items.sort(key=lambda item: "test_code_style" not in item.nodeid)
