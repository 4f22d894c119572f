"""Rows that belong to another row: orphans, and children of rows that were deleted or set aside.

Belongs here: references between raw tables of one source. Does not: joins between entities, which models make.
"""

from collections.abc import Mapping

import duckdb

from crm_warehouse.ingest.checked import EXCLUDED, Checked
from crm_warehouse.ingest.declaration import Parent
from crm_warehouse.ingest.problems import Problems
from crm_warehouse.ingest.quarantine import refuse_too_many, take_out
from crm_warehouse.ingest.rules import ERASED_RULE, REPLACED_RULES, Limits
from crm_warehouse.ingest.scan import live, typed_rows
from crm_warehouse.ingest.sql import identifier, literal


def check_parents(
    con: duckdb.DuckDBPyConnection,
    limits: Limits,
    problems: Problems,
    checked: Checked,
    tables: Mapping[str, Checked],
) -> None:
    """Judge the references of one table.

    A parent that is only later than as_of is there: its children are no orphans, and models drop them with it.

    Args:
        con: Connection to work on.
        limits: What the rules compare with.
        problems: Where too many orphans go.
        checked: The child table.
        tables: Tables of the same source by name; parents have been judged before their children.
    """
    for parent in checked.table.parents:
        target = tables.get(parent.table)
        if checked.failed or (target and target.failed) or not checked.total("rows"):
            continue
        _quarantine_orphans(con, limits, checked, parent, target)
        refuse_too_many(con, limits, problems, checked, ("orphan",))
        if target and (target.total("deleted") or target.removed):
            _follow_parents(con, limits, checked, parent, target)


def _quarantine_orphans(
    con: duckdb.DuckDBPyConnection, limits: Limits, checked: Checked, parent: Parent, target: Checked | None
) -> None:
    column = identifier(parent.column)
    keys = "select null as k where false"
    if target and target.parts:
        (key,) = target.table.primary_key
        keys = " union all ".join(
            f"select {p.attempt(key)} as k from {p.landed.relation} as p" for p in target.parts
        )
    # A null reference matches nothing either. No OR: it would turn the anti join into something slower.
    missing = f"not exists (select 1 from ({keys}) as k where k.k = {column})"
    if parent.optional:
        missing = f"{column} is not null and {missing}"
    detail = f"concat('no {parent.table} with id ', coalesce(cast({column} as varchar), 'null'))"
    for part in checked.parts:
        typed = typed_rows(part, limits, checked.facts[part.part_id])
        # Counted first: nearly always none, and then only the reference itself has been read.
        ((count,),) = con.execute(
            f"{typed} select count(*) from typed where {missing}{live(part)}"
        ).fetchall()
        if count:
            take_out(con, limits, checked, part, rule="'orphan'", detail=detail, rows=f"where {missing}")


def _follow_parents(
    con: duckdb.DuckDBPyConnection, limits: Limits, checked: Checked, parent: Parent, target: Checked
) -> None:
    """Children of a deleted row are deleted with it; children of a row set aside are set aside too."""
    column = identifier(parent.column)
    (key,) = target.table.primary_key
    # What erased people did stays, without them; the rows that are about them alone have gone already.
    replaced = ", ".join(map(literal, (*REPLACED_RULES, ERASED_RULE)))
    gone = " union all ".join(
        f"select {part.attempt(key)} as k, "
        "case when coalesce(e.rule, 'parent_deleted') = 'parent_deleted' then 'parent_deleted' "
        f"else 'parent_quarantined' end as gone_rule from {part.landed.relation} as p "
        f"left join {EXCLUDED} as e on e.part_id = {part.part_id} and e.file_index = p.file_index "
        "and e.file_row_number = p.file_row_number "
        f"where coalesce(e.rule not in ({replaced}), {part.deleted or 'false'})"
        for part in target.parts
    )
    con.execute(
        f"create or replace temp table ingest_gone as select k, min(gone_rule) as rule from ({gone}) group by k"
    )
    detail = f"concat('{parent.table} ', cast(k as varchar))"
    for part in checked.parts:
        rows = f"join ingest_gone on k = {column} where true"
        take_out(con, limits, checked, part, rule="rule", detail=detail, rows=rows)
