"""Keys of commerce records: whole numbers that no two records share."""

import duckdb

from crm_warehouse.ingest.discover import source_number
from tests.python.sql_subset import rendered

SOURCES = ["shopify", "shop_eu", "b2b"]
LARGEST = 2**62 - 1


def keys(ids: list[int | None]) -> list[int | None]:
    query = rendered("select {{ numeric_key('id') }} from records order by position", engine="duckdb")
    with duckdb.connect() as con:
        con.execute("create table records (position integer, source_name varchar, id bigint)")
        rows = [
            (number, name, id_) for number, (name, id_) in enumerate((n, i) for n in SOURCES for i in ids)
        ]
        con.executemany("insert into records values (?, ?, ?)", rows)
        return [row[0] for row in con.execute(query).fetchall()]


def test_a_key_is_the_source_and_the_id() -> None:
    assert keys([0, 7, LARGEST]) == [
        source_number(name) * 2**48 + id_ for name in SOURCES for id_ in (0, 7, LARGEST)
    ]


def test_ids_that_do_not_fit_have_keys_of_their_own() -> None:
    odd = keys([-1, LARGEST + 1, 2**63 - 1])
    assert len(set(odd)) == 9
    assert all(key is not None and key < 0 for key in odd)


def test_no_id_has_no_key() -> None:
    assert keys([None]) == [None, None, None]
