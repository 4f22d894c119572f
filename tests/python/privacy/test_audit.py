"""What a version that somebody was erased from still has to meet."""

from pathlib import Path

import pytest

from crm_warehouse.publish.files import read_json, write_json
from crm_warehouse.publish.layout import CANDIDATE_FILE
from crm_warehouse.quality import audit
from crm_warehouse.quality.audit import audit_candidate
from crm_warehouse.quality.rules import Rule
from crm_warehouse.settings import Settings
from tests.python.privacy.kept_versions import publish

SUITE = """
table: orders
rules:
  - {rule: totals_are_those_of_people, why: w, counts_people: true, failing_rows: "select 1 from {batch}"}
  - {rule: orders_add_up, why: w, failing_rows: "select 1 from {batch} where false"}
"""


@pytest.mark.parametrize("rewritten", [False, True])
def test_totals_may_count_people_erased_since_and_nothing_else_may_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rewritten: bool
) -> None:
    judged: list[str] = []

    def judge(rules: list[Rule], *_: object, has_live: bool, **__: object) -> tuple[list[object], str]:
        judged.extend(rule.name for rule in rules)
        judged.append(f"live: {has_live}")
        return [], "test"

    settings = Settings(raw=tmp_path / "raw", out=tmp_path / "out")
    for version in ("20250101T000000Z", "20250102T000000Z"):
        publish(settings, version)
    folder = settings.published_dir / "versions" / "20250102T000000Z"
    (folder / CANDIDATE_FILE).chmod(0o644)
    record = read_json(folder / CANDIDATE_FILE) | {"live_version": "20250101T000000Z"}
    work = settings.published_dir / ".erasing" / "20250102T000000Z"
    work.parent.mkdir()
    folder.rename(work)
    write_json(work / CANDIDATE_FILE, record | ({"rewritten": [{"reason": "erasure"}]} if rewritten else {}))
    suites = tmp_path / "suites"
    suites.mkdir()
    (suites / "orders.yml").write_text(SUITE)
    monkeypatch.setattr(audit, "_judge", judge)
    audit_candidate(work, suites)
    assert ("totals_are_those_of_people" in judged) is not rewritten
    assert "orders_add_up" in judged
    assert f"live: {not rewritten}" in judged
