from pathlib import Path

import pytest

from crm_warehouse.sample import write_sample
from crm_warehouse.settings import Settings
from tests.python.privacy.people import Person, Shop, folder_copy


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, customers=120)
    return folder


@pytest.fixture
def shop(sample: Path, tmp_path: Path) -> Shop:
    return Shop(Settings(folder_copy(sample, tmp_path / "raw"), tmp_path / "out"))


@pytest.fixture
def person(shop: Shop) -> Person:
    return shop.person()
