"""Going back, checking what is kept, and throwing away what is old."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish import versions
from crm_warehouse.publish.layout import PublishedVersion, history_file
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.versions import (
    collect_old_versions,
    list_versions,
    live_version,
    next_version,
    verify_version,
)
from crm_warehouse.settings import Settings
from tests.python.publish.test_publish import generation

Publish = Callable[..., PublishedVersion]
GRACE, KEEP_NEWEST = timedelta(hours=24), 3  # the project's defaults


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for everything that judges age."""

    def pass_time(span: timedelta) -> None:
        monkeypatch.setattr(versions, "_now", lambda: datetime.now(UTC) + span)

    return pass_time


def test_before_the_first_publication_there_is_nothing(settings: Settings) -> None:
    assert list_versions(settings) == []
    assert live_version(settings) is None


def test_rollback_shows_readers_an_earlier_version(settings: Settings, published: Publish) -> None:
    first, _ = published("b1"), published("b2", generation=2)
    rollback(settings, first.version)
    assert generation(settings) == 1
    live = live_version(settings)
    assert live and live.version == first.version


def test_after_a_rollback_the_next_build_moves_forward_again(settings: Settings, published: Publish) -> None:
    first, second = published("b1"), published("b2", generation=2)
    rollback(settings, first.version)
    third = published("b3", generation=3)
    assert third.manifest["live_version"] == first.version
    assert third.version > second.version
    assert generation(settings) == 3


def test_rollback_to_an_unknown_version_lists_what_there_is(settings: Settings, published: Publish) -> None:
    known = published("b1").version
    with pytest.raises(
        WarehouseError, match=f"no published version 20200101T000000Z. Versions kept: {known}"
    ):
        rollback(settings, "20200101T000000Z")


def test_rollback_to_a_damaged_version_is_refused(settings: Settings, published: Publish) -> None:
    first, _ = published("b1"), published("b2", generation=2)
    first.marts_path.chmod(0o644)
    with duckdb.connect(str(first.marts_path)) as con:
        con.execute("drop table orders")
    with pytest.raises(WarehouseError, match="is not the file that was audited"):
        rollback(settings, first.version)
    assert generation(settings) == 2


def test_rollback_during_a_build_is_refused(settings: Settings, published: Publish) -> None:
    first, _ = published("b1"), published("b2", generation=2)
    with writer_lock(settings, "b3"), pytest.raises(WarehouseError, match="Another build is writing"):
        rollback(settings, first.version)


def test_a_file_added_to_a_version_is_noticed(settings: Settings, published: Publish) -> None:
    version = published("b1")
    (version.folder / "notes.txt").write_text("hello")
    with pytest.raises(WarehouseError, match=r"never audited: notes.txt"):
        verify_version(settings, version.version)


def test_a_file_added_below_a_version_is_noticed(settings: Settings, published: Publish) -> None:
    version = published("b1")
    (version.folder / "parquet").mkdir()
    (version.folder / "parquet" / "orders.parquet").write_text("slipped in")
    with pytest.raises(WarehouseError, match=r"never audited: parquet/orders.parquet"):
        verify_version(settings, version.version)


def test_version_names_rise_even_when_the_clock_does_not(settings: Settings, published: Publish) -> None:
    newest = published("b1").version
    past = datetime(2001, 1, 1)
    assert next_version(settings, past) > newest


def test_versions_within_the_grace_time_are_kept(settings: Settings, published: Publish) -> None:
    for number in range(KEEP_NEWEST + 2):
        published(f"b{number}", generation=number)
    assert len(list_versions(settings)) == KEEP_NEWEST + 2


def test_old_versions_go_but_the_newest_and_the_live_one_stay(
    settings: Settings, published: Publish, later: Callable[[timedelta], None]
) -> None:
    names = [published(f"b{number}", generation=number).version for number in range(KEEP_NEWEST + 3)]
    rollback(settings, names[0])
    later(GRACE * 2)
    assert sorted(collect_old_versions(settings)) == names[1:3]
    assert [v.version for v in list_versions(settings)] == [*reversed(names[3:]), names[0]]
    assert generation(settings) == 0


def test_grace_counts_from_when_a_version_was_replaced(
    settings: Settings, published: Publish, later: Callable[[timedelta], None]
) -> None:
    published("b0")
    for number in range(1, KEEP_NEWEST + 1):
        published(f"b{number}", generation=number)
    later(GRACE - timedelta(minutes=5))
    assert collect_old_versions(settings) == []


def test_without_a_history_versions_age_from_their_seal(
    settings: Settings, published: Publish, later: Callable[[timedelta], None]
) -> None:
    names = [published(f"b{number}", generation=number).version for number in range(KEEP_NEWEST + 1)]
    history_file(settings).unlink()
    assert collect_old_versions(settings) == []
    later(GRACE * 2)
    assert collect_old_versions(settings) == names[:1]
