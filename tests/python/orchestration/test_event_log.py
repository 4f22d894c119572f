"""SQLite connections of Dagster's embedded store."""

from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from orchestration.event_log import sync_at_checkpoints


def test_events_reach_the_disk_at_checkpoints_and_not_when_a_connection_closes(tmp_path: Path) -> None:
    sync_at_checkpoints()
    path = tmp_path / "events.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("pragma journal_mode = wal"))
    for number in range(2):
        with engine.begin() as connection:
            assert connection.execute(text("pragma synchronous")).scalar() == 1  # normal
            connection.execute(text("create table if not exists events (number integer)"))
            connection.execute(text(f"insert into events values ({number})"))
    assert path.with_name("events.db-wal").stat().st_size > 0
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from events")).scalar() == 2
