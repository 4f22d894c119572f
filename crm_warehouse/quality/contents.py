"""What the rows of a raw table hold, in figures: columns, words, rows that repeat, and a sample of records.

Belongs here: how contents are measured. Does not: which tables and rows (measures.py, scope.py), or judging the figures
(suites/arrival/).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from crm_warehouse.ingest.declaration import LOAD_TIME, Column, Platform, Table
from crm_warehouse.ingest.sql import identifier, literal, moment
from crm_warehouse.quality.scope import Scope, relation

# Records whose content is kept as hashes, to see whether the next build reads the same. 300 find a change of 2 %
# of the rows with a probability of 99.8 %.
SAMPLED_RECORDS = 300
# Tables with so few rows (products, campaigns) are sampled from beginning to end: their old rows are in use.
SMALL_TABLE_ROWS = 5_000
# With fewer columns, rows of equal content are normal.
MIN_CONTENTS = 3
# Two bytes of UTF-8 read as two letters of Latin-1 or Windows-1252 (`JosÃ©`), or bytes that were given up (U+FFFD).
MISREAD = r"[ÂÃÄÅÎÏÐÑâ][\x{80}-\x{BF}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|\x{FFFD}"


@dataclass(frozen=True)
class _Figure:
    """Something that is measured of each row: its name and kind in the figures, and its value as SQL."""

    name: str
    kind: str
    value: str
    is_key: bool = False


def measure_contents(con: duckdb.DuckDBPyConnection, scope: Scope, platform: Platform) -> None:
    """Write what the columns, words and rows of one table hold into the tables that measures.py made."""
    _measure_columns(con, scope)
    for column in scope.table.columns:
        if column.person:
            _measure_person(con, scope, column, platform.tables[column.person])
    _measure_words(con, scope)
    _measure_repeats(con, scope)
    _sample_records(con, scope)


def _measure_columns(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    keys = [name for name in scope.table.primary_key[:1] if scope.table.column(name).data_type == "bigint"]
    figures = [
        _Figure(column.name, "flag", f"({identifier(column.name)} is not null)")
        if column.name in scope.table.arrival.flags
        else _Figure(column.name, _kind(column), identifier(column.name), column.name in keys)
        for column in scope.table.columns
        if column.name != LOAD_TIME
    ]
    figures += [
        _misread(column) for column in scope.contents if column.data_type == "string" and not column.is_id
    ]
    _insert_figures(con, scope, figures, f"({_rows(scope)}) as told")


def _misread(column: Column) -> _Figure:
    """Whether a text was read in another encoding than it was written in."""
    name = identifier(column.name)
    # Only letters beyond ASCII take more bytes than one: most texts are not searched.
    value = f"case when strlen({name}) = length({name}) then false else regexp_matches({name}, {literal(MISREAD)}) end"
    return _Figure(f"{column.name} misread", "misread", f"({value})")


def _measure_person(con: duckdb.DuckDBPyConnection, scope: Scope, reference: Column, person: Table) -> None:
    """How often a row gives another address or number than the person it refers to."""
    pairs = [
        (own, theirs)
        for own in scope.table.columns
        for theirs in person.columns
        if own.identifier and own.identifier == theirs.identifier
    ]
    if not pairs:
        return
    figures = [
        _Figure(
            f"{own.name} other than {theirs.name} of {person.name}",
            "flag",
            f"(lower(trim(told.{identifier(own.name)})) <> lower(trim(known.{identifier(theirs.name)})))",
        )
        for own, theirs in pairs
    ]
    key = identifier(person.primary_key[0])
    known = f"select * from {relation(person)} where {scope.own}"
    rows = f"({_rows(scope)}) as told left join ({known}) as known on told.{identifier(reference.name)} = known.{key}"
    _insert_figures(con, scope, figures, rows)


def _rows(scope: Scope) -> str:
    return f"select *, {scope.is_new} as is_new from {scope.relation} where {scope.recent}"


def _insert_figures(con: duckdb.DuckDBPyConnection, scope: Scope, figures: list[_Figure], rows: str) -> None:
    values = ", ".join(map(_value, figures))
    names = ", ".join(f"{{'name': {literal(f.name)}, 'kind': {literal(f.kind)}}}" for f in figures)
    con.execute(
        f"""
        insert into columns
        with measured as (
            select is_new, count(*) as n, [{values}] as figures from {rows} group by all
        ), one as (
            select is_new, n, unnest([{names}]) as of_column, unnest(figures) as figure from measured
        )
        select
            {scope.named}, of_column.name, of_column.kind, is_new, n, n - figure.filled,
            figure.mean, figure.deviation, figure.q05, figure.q50
        from one
        """
    )


def _kind(column: Column) -> str:
    if column.is_amount:
        return "amount"
    return {"string": "text", "boolean": "flag"}.get(column.data_type, "other")


def _value(figure: _Figure) -> str:
    """How much of it is filled, and where its values lie: amounts by logarithm, text by length."""
    value = figure.value
    ranked = value if figure.is_key else "cast(null as bigint)"
    share = f"cast(cast({value} as integer) as double)"
    measured = {
        "amount": f"case when {value} <> 0 then ln(abs(cast({value} as double))) end",
        "text": f"length({value})",
        "flag": share,
        "misread": share,
    }.get(figure.kind, "cast(null as double)")
    return (
        f"{{'filled': count({value}), 'mean': avg({measured}), 'deviation': stddev_pop({measured}), "
        f"'q05': cast(approx_quantile({ranked}, 0.05) as double), "
        f"'q50': cast(approx_quantile({ranked}, 0.5) as double)}}"
    )


def _measure_words(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """Which words columns of few words hold, yes and no among them."""
    yes_or_no = [column.name for column in scope.table.columns if column.data_type == "boolean"]
    for name in (*scope.table.arrival.words, *yes_or_no):
        column = identifier(name)
        con.execute(
            f"insert into words select {scope.named}, {literal(name)}, {scope.is_new}, cast({column} as varchar), "
            f"count(*) from {scope.relation} where {scope.recent} and {column} is not null group by all"
        )


def remember_words(con: duckdb.DuckDBPyConnection) -> None:
    """Words of earlier versions that no row has today, as `authorized` between two payments: known all the same."""
    con.execute(
        """
        insert into words
        select distinct source_name, table_name, column_name, false, word, 0
        from live.words anti join words using (source_name, table_name, column_name, word)
        """
    )


def _measure_repeats(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """Rows that say the same as another one under another key."""
    contents = ", ".join(identifier(column.name) for column in scope.contents)
    if len(scope.contents) < MIN_CONTENTS:
        return
    con.execute(
        f"""
        insert into repeats
        with rows_read as (
            select hash({contents}) as content, {scope.is_new} as is_new from {scope.relation} where {scope.recent}
        ), contents as (
            select content, count(*) as n, count(*) filter (where is_new) as new_rows from rows_read group by all
        )
        select {scope.named}, is_new, n, repeated from (
            select
                true as is_new, sum(new_rows) as n,
                sum(case when n > 1 then least(new_rows, n - 1) else 0 end) as repeated
            from contents
            union all
            select false, sum(n - new_rows), sum(greatest(n - new_rows - 1, 0)) from contents
        ) where n > 0
        """
    )


def _sample_records(con: duckdb.DuckDBPyConnection, scope: Scope) -> None:
    """Keep the contents of some records as hashes, and read again those that the live version kept."""
    if not scope.key or not scope.contents:
        return
    names = ", ".join(literal(column.name) for column in scope.contents)
    overwritten = ", ".join(str(c.overwritten or bool(c.known_at)).lower() for c in scope.contents)
    values = ", ".join(
        f"case when {identifier(c.name)} is not null then hash({identifier(c.name)}) end"
        for c in scope.contents
    )
    number = _as_number(scope)
    sampled = scope.own if scope.rows <= SMALL_TABLE_ROWS else scope.recent
    con.execute(
        f"""
        insert into records
        with sampled as (
            select hash({scope.key}) as record, {number} as position, [{values}] as contents
            from {scope.relation} where {sampled} order by record limit {SAMPLED_RECORDS}
        )
        select
            {scope.named}, record, position, unnest([{names}]), unnest([{overwritten}]), unnest(contents)
        from sampled
        """
    )
    kept = f"source_name = {literal(scope.source)} and table_name = {literal(scope.table.name)}"
    ((low, high),) = con.execute(
        f"select min(position), max(position) from live.records where {kept}"
    ).fetchall()
    if low is None and not con.execute(f"select 1 from live.records where {kept} limit 1").fetchall():
        return
    within = f" and {_between(scope, low, high)}" if low is not None and scope.start else ""
    con.execute(
        f"""
        insert into reread
        with found as (
            select hash({scope.key}) as record, [{values}] as contents
            from {scope.relation}
            where {scope.own}{within} and hash({scope.key}) in (select record from live.records where {kept})
        )
        select {scope.named}, record, unnest([{names}]), unnest(contents) from found
        """
    )


def _as_number(scope: Scope) -> str:
    if scope.position is None:
        return "cast(null as double)"
    return f"epoch({scope.position})" if scope.table.happened_at else f"cast({scope.position} as double)"


def _between(scope: Scope, low: float, high: float) -> str:
    """Where the live version's records can be, a few days wider: a shifted clock must not hide them."""
    if not scope.table.happened_at:
        return f"{scope.position} between {int(low) - 1} and {int(high) + 1}"
    margin = timedelta(days=3)
    first, last = (datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in (low, high))
    return f"{scope.position} between {moment(first - margin)} and {moment(last + margin)}"
