"""The DuckDB dialect that Great Expectations needs: rows survive, nothing is written."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from crm_warehouse.quality.dialect import read_only_url


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "marts.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table orders as select i as order_id, 'x' as name, 1.5 as net from range(5) t(i)")
    engine = sa.create_engine(read_only_url(path))
    yield engine
    engine.dispose()


def test_rows_outlive_their_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        result = connection.execute(sa.text("select order_id from orders order by 1"))
        rows = result.freeze()
    assert rows().scalars().all() == [0, 1, 2, 3, 4]


def test_rows_outlive_the_next_statement(engine: Engine) -> None:
    with engine.connect() as connection:
        first = connection.execute(sa.text("select order_id from orders order by 1"))
        connection.execute(sa.text("select 'another' as x"))
        assert first.fetchone() == (0,)
        assert first.fetchmany(2) == [(1,), (2,)]
        assert first.fetchall() == [(3,), (4,)]
        assert first.fetchone() is None


def test_columns_are_those_of_duckdb(engine: Engine) -> None:
    inspector = sa.inspect(engine)
    assert [column["name"] for column in inspector.get_columns("orders")] == ["order_id", "name", "net"]
    assert inspector.get_pk_constraint("orders")["constrained_columns"] == []
    assert inspector.has_table("orders")
    assert not inspector.has_table("refunds")


def test_the_file_cannot_be_written(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(sa.text("delete from orders"))
