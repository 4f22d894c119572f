"""When a candidate becomes what readers see, and every reason why it must not."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import sha256
from crm_warehouse.publish.layout import AUDIT_FILE, CANDIDATE_FILE, PublishedVersion, candidate_dir
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.publish.versions import list_versions, live_version
from crm_warehouse.settings import Settings
from tests.python.publish.fake_warehouse import AS_OF, FakeBuild, pass_audit

Publish = Callable[..., PublishedVersion]


def generation(settings: Settings) -> int:
    with duckdb.connect(str(settings.published_dir / "marts.duckdb"), read_only=True) as con:
        return int(con.execute("select min(generation) from orders").fetchall()[0][0])


def stage(settings: Settings, build_id: str, **options: object) -> FakeBuild:
    build = FakeBuild(settings, build_id, **options).run()  # type: ignore[arg-type]  # mixed options
    stage_candidate(settings, build_id)
    return build


def refuse(settings: Settings, build_id: str, message: str) -> None:
    """Publishing must fail with `message` and leave everything that readers see untouched."""
    link = settings.published_dir / "marts.duckdb"
    before = (link.resolve(), sha256(link)) if link.exists() else None
    with pytest.raises(WarehouseError, match=message):
        publish_candidate(settings, build_id)
    assert ((link.resolve(), sha256(link)) if link.exists() else None) == before


def test_the_first_publication_gives_readers_their_file(settings: Settings, published: Publish) -> None:
    version = published("b1")
    assert generation(settings) == 1
    assert version.is_live
    assert version.row_counts == {"customer_360": 7, "customer_events": 40, "order_lines": 50, "orders": 50}
    assert (settings.published_dir / "current").readlink() == Path("versions") / version.version
    assert (settings.published_dir / "marts.duckdb").readlink() == Path("current/marts.duckdb")


def test_the_manifest_seals_every_file_of_the_version(settings: Settings, published: Publish) -> None:
    version = published("b1")
    sealed = version.manifest["files"]
    assert set(sealed) == {"marts.duckdb", "marts_no_personal_data.duckdb", "candidate.json", "audit.json"}
    assert all(sha256(version.folder / name) == facts["sha256"] for name, facts in sealed.items())
    assert version.manifest["as_of_at"] == AS_OF.isoformat()
    first_column = version.manifest["tables"]["orders"]["columns"][0]
    assert first_column == {"name": "order_key", "type": "VARCHAR", "personal": False}
    assert version.manifest["sources"][0]["source_name"] == "shopify"


def test_the_published_folder_can_be_moved_as_a_whole(settings: Settings, published: Publish) -> None:
    published("b1")
    moved = settings.out / "elsewhere"
    settings.published_dir.rename(moved)
    with duckdb.connect(str(moved / "marts.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from orders").fetchall() == [(50,)]


def test_each_publication_moves_readers_forward(settings: Settings, published: Publish) -> None:
    first, second = published("b1"), published("b2", generation=2)
    assert generation(settings) == 2
    assert first.version < second.version
    assert [v.is_live for v in list_versions(settings)] == [True, False]


def test_a_reader_keeps_the_version_it_opened(settings: Settings, published: Publish) -> None:
    published("b1")
    with duckdb.connect(str(settings.published_dir / "marts.duckdb"), read_only=True) as reader:
        published("b2", generation=2)
        assert reader.execute("select distinct generation from customer_360").fetchall() == [(1,)]
    assert generation(settings) == 2


def test_readers_are_not_in_the_way_of_a_build(settings: Settings, published: Publish) -> None:
    published("b1")
    with duckdb.connect(str(settings.published_dir / "marts.duckdb"), read_only=True):
        assert published("b2", generation=2).is_live


def test_the_file_is_read_only(settings: Settings, published: Publish) -> None:
    assert stat.S_IMODE(published("b1").marts_path.stat().st_mode) == 0o444


def test_publishing_twice_changes_nothing(settings: Settings, published: Publish) -> None:
    first = published("b1")
    assert publish_candidate(settings, "b1") == first
    assert len((settings.published_dir / "history.jsonl").read_text().splitlines()) == 1


def test_without_a_candidate_nothing_is_published(settings: Settings) -> None:
    FakeBuild(settings, "b1").run()
    refuse(settings, "b1", "Build b1 has no candidate")


def test_an_unaudited_candidate_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    refuse(settings, "b2", "was not audited")


def test_a_failed_audit_names_its_rules(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2", passed=False, rules=[{"rule": "clv_is_not_negative", "passed": False}])
    refuse(settings, "b2", "The audit failed: clv_is_not_negative")


def test_an_audit_of_another_file_does_not_count(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2", file_sha256="0" * 64)
    refuse(settings, "b2", "about another file")


def test_the_audit_of_another_build_does_not_count(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2", build_id="b1")
    refuse(settings, "b2", "about another file")


def test_a_candidate_edited_by_hand_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    path = candidate_dir(settings, "b2") / "marts.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute("update orders set net_amount = 0")
    refuse(settings, "b2", "was changed after staging")


def test_a_record_edited_by_hand_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    record = candidate_dir(settings, "b2") / CANDIDATE_FILE
    record.write_text(json.dumps(json.loads(record.read_text()) | {"tables": {}}))
    refuse(settings, "b2", "record was changed after the audit")


def test_a_cut_off_audit_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    (candidate_dir(settings, "b2") / AUDIT_FILE).write_text('{"passed": true,')
    refuse(settings, "b2", "not valid JSON")


def test_the_candidate_of_another_build_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    candidate_dir(settings, "b2").rename(candidate_dir(settings, "b3"))
    refuse(settings, "b3", "belongs to build b2")


def test_a_dbt_command_between_staging_and_publishing_is_noticed(
    settings: Settings, published: Publish
) -> None:
    published("b1")
    build = stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    build.invoke("by_hand", ["model.crm_warehouse.orders"], build_id=None)
    refuse(settings, "b2", "Another dbt invocation")


def test_this_builds_own_dbt_between_staging_and_publishing_is_noticed(
    settings: Settings, published: Publish
) -> None:
    published("b1")
    build = stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    build.invoke("again", list(build.manifest["nodes"]))
    refuse(settings, "b2", "dbt ran again after the candidate was staged")


def test_a_stale_manifest_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    build = stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    build.manifest["nodes"]["model.crm_warehouse.orders"]["checksum"]["checksum"] = "edited"
    build.write_manifest()
    refuse(settings, "b2", "manifest.json is stale")


def test_a_new_ingest_between_staging_and_publishing_is_noticed(
    settings: Settings, published: Publish
) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    FakeBuild(settings, "b3", generation=3).ingest()
    refuse(settings, "b2", "ingested by build b3")


def test_publishing_while_another_build_writes_is_refused(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")
    with writer_lock(settings, "b3"):
        refuse(settings, "b2", "Another build is writing")


def test_a_build_of_a_past_day_does_not_take_readers_back(settings: Settings, published: Publish) -> None:
    published("b1")
    stage(settings, "b2", generation=2, as_of_at=AS_OF - timedelta(days=1))
    pass_audit(settings, "b2")
    refuse(settings, "b2", "never takes readers back in time")


def test_the_same_day_can_be_published_again(settings: Settings, published: Publish) -> None:
    published("b1")
    assert published("b2", generation=2).is_live


def test_a_build_whose_base_is_no_longer_live_is_refused(settings: Settings, published: Publish) -> None:
    first = published("b1")
    published("b2", generation=2)
    stage(settings, "b3", generation=3)
    pass_audit(settings, "b3")
    rollback(settings, first.version)
    refuse(settings, "b3", f"{first.version} is live now")


def test_a_publication_interrupted_before_the_switch_is_finished_by_a_retry(
    settings: Settings, published: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    published("b1")
    stage(settings, "b2", generation=2)
    pass_audit(settings, "b2")

    def fail(*_: object, **__: object) -> None:
        raise OSError("the power went out")

    with monkeypatch.context() as broken:
        broken.setattr("crm_warehouse.publish.publish.switch_to", fail)
        refuse(settings, "b2", "Could not publish: the power went out")
    assert generation(settings) == 1
    assert publish_candidate(settings, "b2").is_live
    assert generation(settings) == 2


def test_what_is_in_the_way_of_the_readers_link_is_not_overwritten(settings: Settings) -> None:
    stage(settings, "b1")
    pass_audit(settings, "b1")
    (settings.published_dir / "marts.duckdb").write_text("somebody's own file")
    refuse(settings, "b1", "is not the symlink that publishing maintains")
    assert live_version(settings) is None
