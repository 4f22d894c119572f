"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from crm_warehouse.settings import PROJECT_DIR, environment
from crm_warehouse.transform import parse_project


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real and labelled data sets, which are not part of the project; tests that need one skip without it."""
    return Path(os.environ.get("CRM_SHARED_DATA", PROJECT_DIR.parent / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def dbt_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where dbt puts the files of what runs in this process, its parsed project among them."""
    folder = tmp_path_factory.mktemp("target")
    with environment(
        {"DBT_TARGET_PATH": str(folder), "DBT_LOG_PATH": str(folder / "logs"), "DO_NOT_TRACK": "1"}
    ):
        yield


@pytest.fixture(scope="session")
def project(dbt_files: None) -> Any:
    """The project as dbt parses it, which takes longer than many a test: once per process."""
    return parse_project()


SHARING = {f"tests/e2e/test_{name}.py" for name in ("sample_shop", "interruptions")}
"""Files that need the same built shop, so that it is built in one process only."""


class ByFile(LoadFileScheduling):
    """A file stays in one process."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return "built shop" if scope in SHARING else scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The linters first: one of them runs for minutes, and would keep the other core waiting at the end."""
    items.sort(key=lambda item: "test_code_style" not in item.nodeid)
