"""Rows with the same key: which copy stays, and when none can.

Belongs here: proving keys unique cheaply and resolving the rest. Does not: any other rule.
"""

import math
from typing import Any

import duckdb
import numpy as np

from crm_warehouse.ingest.checked import EXCLUDED, Checked, count_removed
from crm_warehouse.ingest.declaration import LOAD_TIME
from crm_warehouse.ingest.problems import shown_key
from crm_warehouse.ingest.sql import identifier, key_text

# Keys compared at a time: bounds memory at about a gigabyte whatever the table's size.
KEYS_PER_PASS = 2**27
EXAMPLES = 5


def have_duplicates(con: duckdb.DuckDBPyConnection, checked: Checked) -> bool:
    """Whether a key, or the hash of one, occurs twice.

    Sorting numbers costs a fifth of what an exact count of distinct values does. Two keys with one hash only cost
    the exact look that follows.
    """
    names = checked.table.primary_key
    is_number = len(names) == 1 and checked.table.column(names[0]).data_type == "bigint"
    selects = []
    for part in checked.parts:
        values = ", ".join(part.attempt(name) for name in names)
        key = values if is_number else f"hash({values})"
        selects.append(f"select {key} as k from {part.landed.relation} as p")
    passes = max(1, math.ceil(checked.total("rows") / KEYS_PER_PASS))
    for number in range(passes):
        one = f" where hash(k) % {passes} = {number}" if passes > 1 else ""
        found: Any = con.execute(f"select k from ({' union all '.join(selects)}){one}").fetchnumpy()["k"]
        keys = np.ma.getdata(found)
        if not (keys[1:] > keys[:-1]).all():  # loaders often write in key order
            keys.sort()
            if (keys[1:] == keys[:-1]).any():
                return True
    return False


def resolve_duplicates(con: duckdb.DuckDBPyConnection, checked: Checked) -> str | None:
    """Keep the copy loaded last and take the others out.

    Returns:
        The problem, if copies of the same load differ: then nobody knows which is right.
    """
    keys = ", ".join(identifier(name) for name in checked.table.primary_key)
    load = identifier(LOAD_TIME) if checked.table.has_load_time else "cast(null as timestamp)"
    names = dict.fromkeys([*checked.table.primary_key, *([LOAD_TIME] if checked.table.has_load_time else [])])
    con.execute(
        f"""
        create or replace temp table ingest_copies as
        with copies as ({_copies(checked, list(names))}),
        repeated as (select {keys} from copies group by all having count(*) > 1)
        select
            _part, _file, _row, {keys},
            {load} is not distinct from max({load}) over (partition by {keys}) as _is_latest,
            row_number() over (partition by {keys} order by {load} desc nulls last, _part, _file, _row) as _rank
        from copies semi join repeated using ({keys})
        """
    )
    problem = _conflict(con, checked, keys)
    if problem is None:
        con.execute(
            f"""
            insert into {EXCLUDED}
            select _part, _file, _row, null, case when _is_latest then 'duplicate_copy' else 'superseded' end, null
            from ingest_copies where _rank > 1
            """
        )
        count_removed(con, checked)
    con.execute("drop table ingest_copies")
    return problem


def _copies(checked: Checked, names: list[str]) -> str:
    return " union all ".join(
        f"select {part.part_id} as _part, p.file_index as _file, p.file_row_number as _row, "
        f"{part.deleted or 'false'} as _deleted, "
        f"{', '.join(f'{part.attempt(name)} as {identifier(name)}' for name in names)} "
        f"from {part.landed.relation} as p"
        for part in checked.parts
    )


def _conflict(con: duckdb.DuckDBPyConnection, checked: Checked, keys: str) -> str | None:
    """Only rows that tie for the latest load are compared column by column."""
    names = [column.name for column in checked.table.columns]
    contents = ", ".join(identifier(name) for name in names if name != LOAD_TIME)
    conflicts = con.execute(
        f"""
        with tied as (
            select _part, _file, _row from ingest_copies where _is_latest
            qualify count(*) over (partition by {keys}) > 1
        )
        select {key_text(checked.table.primary_key)} as record_id, count(*) over () as conflicts
        from ({_copies(checked, names)}) semi join tied using (_part, _file, _row)
        group by {keys} having count(distinct row({contents}, _deleted)) > 1
        order by record_id limit {EXAMPLES}
        """
    ).fetchall()
    if not conflicts:
        return None
    named = ", ".join(shown_key(row[0]) for row in conflicts)
    shown = named if checked.table.shows_keys else "keys not shown: personal"
    return (
        f"table {checked.table.name}: {conflicts[0][1]:,} keys ({', '.join(checked.table.primary_key)}) have several "
        f"rows of different content and the same load time, so none is the latest ({shown})"
    )
