"""Rows that a rule takes out of the conformed relation, and how many of them a build bears.

Belongs here: recording them and refusing too many. Does not: finding them.
"""

from collections.abc import Sequence

import duckdb

from crm_warehouse.ingest.checked import EXCLUDED, Checked, count_removed
from crm_warehouse.ingest.conform import Part
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.ingest.rules import Limits
from crm_warehouse.ingest.scan import live, record_id, typed_rows
from crm_warehouse.ingest.sql import literal

# Below this many rows a rule never stops the build, whatever share of the table they are.
MIN_TOLERATED_ROWS = 10
EXAMPLES = 5


def take_out(
    con: duckdb.DuckDBPyConnection,
    limits: Limits,
    checked: Checked,
    part: Part,
    *,
    rule: str,
    detail: str,
    rows: str,
) -> None:
    """Take rows of one part out.

    Args:
        con: Connection that holds the temporary table.
        limits: For the typed rows.
        checked: The table the part belongs to.
        part: Where the rows are.
        rule: SQL for the rule's name.
        detail: SQL for what is wrong with the row, free of personal values.
        rows: What follows `from typed`: a join or condition, ending in one that `and` can follow.
    """
    con.execute(
        f"insert into {EXCLUDED} {typed_rows(part, limits, checked.facts[part.part_id])} "
        f"select {part.part_id}, _file, _row, {record_id(part)}, {rule}, {detail} from typed {rows}{live(part)}"
    )
    count_removed(con, checked)


def refuse_too_many(
    con: duckdb.DuckDBPyConnection, limits: Limits, problems: Problems, checked: Checked, rules: Sequence[str]
) -> None:
    """A few bad rows are set aside; many mean that something is wrong with the whole table."""
    rows = checked.total("rows")
    tolerated = max(MIN_TOLERATED_ROWS, int(rows * limits.quarantine_share))
    for rule in rules:
        count = checked.removed.get(rule, 0)
        if count <= tolerated:
            continue
        checked.failed = True
        examples = con.execute(
            f"select record_id, detail from {EXCLUDED} where part_id in ({checked.part_ids}) "
            f"and rule = {literal(rule)} order by part_id, file_index, file_row_number limit {EXAMPLES}"
        ).fetchall()
        shown = "; ".join(f"{row}: {detail}" for row, detail in examples)
        problems.add(
            checked.source.name,
            f"table {checked.table.name}: rule {rule} takes out {count:,} of {rows:,} rows, more than the "
            f"{tolerated:,} that may be left aside ({shown})",
        )
