"""A fresh output folder per test, whose dbt artifacts are its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crm_warehouse.publish.layout import PublishedVersion
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.settings import Settings
from tests.python.publish.fake_warehouse import FakeBuild, pass_audit


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "out" / "target"))
    return Settings(raw=tmp_path / "raw", out=tmp_path / "out")


@pytest.fixture
def published(settings: Settings) -> Callable[..., PublishedVersion]:
    """Run, stage, audit and publish one good build."""

    def publish(build_id: str, **options: object) -> PublishedVersion:
        FakeBuild(settings, build_id, **options).run()  # type: ignore[arg-type]  # mixed options
        stage_candidate(settings, build_id)
        pass_audit(settings, build_id)
        return publish_candidate(settings, build_id)

    return publish
