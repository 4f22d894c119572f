"""The cache of scores: new messages only, none of what is gone, and no text."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.sentiment import score_messages, step
from crm_warehouse.settings import Settings

Message = tuple[str, str, bool, str | None]
ANGRY: Message = ("m1", "customer", True, "This is ridiculous, a scam!")
AGENT: Message = ("m2", "agent", True, "I am furious with this customer.")
NOTE: Message = ("m3", "customer", False, "I am furious.")
KIND: Message = ("m4", "customer", True, "Thank you so much, great service!")
EMPTY: Message = ("m5", "customer", True, None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(raw=tmp_path / "raw", out=tmp_path)


def land(settings: Settings, messages: Iterable[Message]) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema if not exists intermediate")
        con.execute(
            "create or replace table intermediate.int_ticket_messages_unioned "
            "(ticket_message_key varchar, author_type varchar, is_public boolean, body varchar)"
        )
        con.executemany(
            "insert into intermediate.int_ticket_messages_unioned values (?, ?, ?, ?)", list(messages)
        )


def scores(settings: Settings) -> dict[str, tuple[float, bool]]:
    with duckdb.connect(str(settings.warehouse_path)) as con:
        rows = con.execute(
            f"select ticket_message_key, sentiment_score, is_angry from {step.TABLE}"
        ).fetchall()
    return {key: (score, is_angry) for key, score, is_angry in rows}


def test_only_public_messages_of_customers_are_scored(settings: Settings) -> None:
    land(settings, [ANGRY, AGENT, NOTE, KIND, EMPTY])
    assert score_messages(settings, "build").scored_count == 2
    found = scores(settings)
    assert found.keys() == {"m1", "m4"}
    assert found["m1"][0] < 0 < found["m4"][0]
    assert (found["m1"][1], found["m4"][1]) == (True, False)


def test_a_message_is_scored_once_and_leaves_with_its_message(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "BATCH_ROWS", 1)
    land(settings, [ANGRY])
    score_messages(settings, "build")
    land(settings, [ANGRY, KIND])
    report = score_messages(settings, "build")
    assert (report.kept_count, report.scored_count) == (1, 1)
    land(settings, [KIND])
    report = score_messages(settings, "build")
    assert (report.kept_count, report.scored_count) == (1, 0)
    assert scores(settings).keys() == {"m4"}


def test_another_word_list_scores_everything_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(settings, [ANGRY, KIND])
    score_messages(settings, "build")
    monkeypatch.setattr(step, "method", lambda: "another")
    assert score_messages(settings, "build").scored_count == 2
    assert len(scores(settings)) == 2


def test_the_cache_holds_no_text(settings: Settings) -> None:
    land(settings, [ANGRY])
    score_messages(settings, "build")
    with duckdb.connect(str(settings.warehouse_path)) as con:
        assert "ridiculous" not in str(con.execute(f"from {step.TABLE}").fetchall())


def test_scoring_before_the_first_half_of_a_build_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="Build the models before"):
        score_messages(settings, "build")
