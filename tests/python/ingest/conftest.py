from pathlib import Path

import pytest

from tests.python.ingest.landing import Shop, good_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return good_shop(tmp_path)
