"""Writes fact tables as raw Parquet, in order of time.

One chunk is written straight to `<platform>/<table>.parquet`. Several chunks go through part files that are then
merged by slices of time to `<platform>/<table>/part-NNN.parquet`, so memory stays flat and files stay sorted.
"""

# ruff: noqa: S608 - every part of these statements is written here; nothing comes from outside
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import duckdb

from crm_warehouse.ingest.sql import literal
from crm_warehouse.sample import graphql
from crm_warehouse.sample.arrays import Columns
from crm_warehouse.sample.catalogue import Catalogue
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.tables import SQL_DIR, TABLES, RawTable
from crm_warehouse.sample.words import load_words

MEMORY_LIMIT = "1500MB"
ROWS_PER_PART = 2_000_000
FINAL = "format parquet, compression zstd"
# Small row groups: a slice of time then reads few of them.
PASSING = "format parquet, compression lz4, row_group_size 16384"


@dataclass(frozen=True)
class Writer:
    """One sample being written.

    Attributes:
        out: The sample's folder.
        parts: Where chunks wait to be merged.
    """

    config: SampleConfig
    out: Path
    con: duckdb.DuckDBPyConnection

    @property
    def parts(self) -> Path:
        """Passing files, removed at the end."""
        return self.out / "_parts"

    @property
    def tables(self) -> list[RawTable]:
        """The tables of this sample."""
        lean, shape = self.config.lean, self.config.shape
        return [t for t in TABLES if not (lean and t.optional) and t.only in (None, shape)]

    def _is_graphql(self, table: RawTable) -> bool:
        return table.platform == "shopify" and self.config.shape == "graphql"

    def name(self, table: RawTable) -> str:
        """The table's name in this sample's shape."""
        return graphql.table_name(table) if self._is_graphql(table) else table.name

    def select(self, table: RawTable) -> str:
        """The SELECT that makes the table in this sample's shape, with the columns that order it."""
        moments = {"{start}": self.config.start_s, "{end}": self.config.end_s, "{never}": NEVER}
        sql = reduce(lambda text, name: text.replace(name, str(moments[name])), moments, table.sql)
        if self._is_graphql(table):
            return graphql.reshape(table, sql)
        if self.config.lean and table.lean_without:
            without = ", ".join(f'"{column}"' for column in table.lean_without)
            return f"select * exclude ({without}) from ({sql})"
        return sql

    def write_chunk(self, chunk: int, facts: dict[str, Columns]) -> None:
        """Write one chunk: final files if it is the only one, part files otherwise."""
        for name, columns in facts.items():
            self.con.register(name, columns)
        self.con.execute(f"create or replace temp table run as select {chunk} as chunk")
        self.con.execute((SQL_DIR / "people.sql").read_text())
        for table in self.tables:
            if table.once and chunk > 0:
                continue
            if self.config.chunks == 1 or table.once:
                target = self.out / table.platform / f"{self.name(table)}.parquet"
                self._copy(_final(table, f"({self.select(table)})"), target, FINAL)
            else:
                self._copy(self.select(table), self._part_dir(table) / f"{chunk:05d}.parquet", PASSING)
        for name in facts:
            self.con.unregister(name)

    def _part_dir(self, table: RawTable) -> Path:
        return self.parts / table.platform / self.name(table)

    def _copy(self, sql: str, target: Path, options: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.con.execute(f"copy ({sql}) to {literal(str(target))} ({options})")

    def merge(self) -> Iterator[str]:
        """Bring part files into order of time, slice by slice; yields the name of each table done."""
        for table in self.tables:
            if not table.once:
                self._merge_table(table)
                yield f"{table.platform}.{self.name(table)}"

    def _merge_table(self, table: RawTable) -> None:
        parts = f"read_parquet({literal(f'{self._part_dir(table)}/*.parquet')})"
        for number, (low, high) in enumerate(self._slices(parts)):
            target = self.out / table.platform / self.name(table) / f"part-{number:03d}.parquet"
            self._copy(_final(table, f"{parts} where sort_s >= {low} and sort_s < {high}"), target, FINAL)
        shutil.rmtree(self._part_dir(table))

    def _slices(self, parts: str) -> list[tuple[int, int]]:
        """Half-open ranges of time with about ROWS_PER_PART rows each."""
        extent = f"select count(*), coalesce(min(sort_s), 0), coalesce(max(sort_s), 0) from {parts}"
        [(rows, low, high)] = self.con.execute(extent).fetchall()
        pieces = max(1, round(rows / ROWS_PER_PART))
        shares = [i / pieces for i in range(1, pieces)] or [0.0]
        [(cuts,)] = self.con.execute(f"select quantile_disc(sort_s, {shares}) from {parts}").fetchall()
        edges = [low, *sorted(set(cuts or []) - {low}), high + 1]
        return list(zip(edges[:-1], edges[1:], strict=True))


def _final(table: RawTable, rows: str) -> str:
    """The table's visible columns in order of time and key: every run writes the same rows in the same order."""
    hidden = ", ".join(("sort_s", *table.hidden))
    key = ", ".join(f'"{column}"' for column in ("sort_s", *table.key))
    return f"select * exclude ({hidden}) from {rows} order by {key}"


def open_writer(config: SampleConfig, out: Path, catalogue: Catalogue) -> Writer:
    """A writer with the shop's words and catalogue loaded."""
    spill = out / "_parts" / "spill"
    con = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)})
    con.execute("set enable_progress_bar = false")
    con.execute((SQL_DIR / "macros.sql").read_text().replace("{until}", str(config.until)))
    load_words(con, config, catalogue)
    return Writer(config, out, con)
