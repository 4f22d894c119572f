"""Writes fact tables as raw Parquet, in order of time.

One chunk is written straight to `<platform>/<table>.parquet`. Several chunks go through part files that are then
merged by slices of time to `<platform>/<table>/part-NNN.parquet`, so memory stays flat and files stay sorted.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from crm_warehouse.sample import graphql
from crm_warehouse.sample.catalogue import Catalogue, product_rows, variant_rows
from crm_warehouse.sample.config import NEVER, SampleConfig
from crm_warehouse.sample.facts import offer_rows
from crm_warehouse.sample.helpdesk import AGENTS, FIRST_AGENT_ID
from crm_warehouse.sample.messaging import FLOWS, METRIC_NAMES, campaign_moments
from crm_warehouse.sample.phrases import phrase_rows
from crm_warehouse.sample.tables import SQL_DIR, TABLES, RawTable
from crm_warehouse.sample.vocabulary import (
    CITIES,
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    MAIL_DOMAINS,
    STREETS,
    WORK_DOMAINS,
    pool,
    slug,
)

Columns = dict[str, npt.NDArray[np.generic]]

MEMORY_LIMIT = "1500MB"
ROWS_PER_PART = 2_000_000
FINAL = "format parquet, compression zstd"
PASSING = "format parquet, compression lz4"


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
        dropped = graphql.DROPPED_TABLES if self.config.shape == "graphql" else ()
        return [t for t in TABLES if not (self.config.lean and t.optional) and t.name not in dropped]

    def name(self, table: RawTable) -> str:
        """The table's name in this sample's shape."""
        renames = table.platform == "shopify" and self.config.shape == "graphql"
        return graphql.table_name(table) if renames else table.name

    def select(self, table: RawTable) -> str:
        """The SELECT that makes the table in this sample's shape, rows in order."""
        sql = table.sql.replace("{start}", str(self.config.start_s)).replace("{never}", str(NEVER))
        order = ", ".join(f'"{column}"' for column in ("sort_s", *table.key))
        if table.platform == "shopify" and self.config.shape == "graphql":
            order = order.replace('"index"', '"index"')
            sql = graphql.reshape(table, sql)
        return f"{sql}\norder by {order}" if not sql.startswith("select *") else f"{sql} order by {order}"

    def write_chunk(self, chunk: int, facts: dict[str, Columns]) -> None:
        """Write one chunk: final files if it is the only one, part files otherwise."""
        for name, columns in facts.items():
            self.con.register(name, columns)
        self.con.execute(f"create or replace temp table run as select {chunk} as chunk")
        self.con.execute((SQL_DIR / "people.sql").read_text())
        for table in self.tables:
            if table.once and chunk > 0:
                continue
            self._write(chunk, table)
        for name in facts:
            self.con.unregister(name)

    def _write(self, chunk: int, table: RawTable) -> None:
        single = self.config.chunks == 1 or table.once
        if single:
            hidden = ", ".join(("sort_s", *table.hidden))
            target = self.out / table.platform / f"{self.name(table)}.parquet"
            self._copy(f"select * exclude ({hidden}) from ({self.select(table)})", target, FINAL)
        else:
            self._copy(self.select(table), self._part_dir(table) / f"{chunk:05d}.parquet", PASSING)

    def _part_dir(self, table: RawTable) -> Path:
        return self.parts / table.platform / self.name(table)

    def _copy(self, sql: str, target: Path, options: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.con.execute(f"copy ({sql}) to '{target}' ({options})")

    def merge(self) -> None:
        """Bring part files into order of time, slice by slice."""
        for table in self.tables:
            if not table.once:
                self._merge_table(table)
        shutil.rmtree(self.parts)

    def _merge_table(self, table: RawTable) -> None:
        parts = f"read_parquet('{self._part_dir(table)}/*.parquet')"
        hidden = ", ".join(("sort_s", *table.hidden))
        key = ", ".join(f'"{column}"' for column in ("sort_s", *table.key))
        for number, (low, high) in enumerate(self._slices(parts)):
            self._copy(
                f"select * exclude ({hidden}) from {parts} where sort_s >= {low} and sort_s < {high} order by {key}",
                self.out / table.platform / self.name(table) / f"part-{number:03d}.parquet",
                FINAL,
            )
        shutil.rmtree(self._part_dir(table))

    def _slices(self, parts: str) -> list[tuple[int, int]]:
        """Half-open ranges of time with about ROWS_PER_PART rows each."""
        rows, low, high = self._one(f"select count(*), coalesce(min(sort_s), 0), coalesce(max(sort_s), 0) from {parts}")
        pieces = max(1, round(rows / ROWS_PER_PART))
        shares = [i / pieces for i in range(1, pieces)]
        cuts = self._one(f"select quantile_disc(sort_s, {shares}) from {parts}")[0] if shares else []
        edges = [low, *sorted(set(cuts) - {low}), high + 1]
        return list(zip(edges[:-1], edges[1:], strict=True))

    def _one(self, sql: str) -> tuple[int, ...]:
        row = self.con.execute(sql).fetchone()
        assert row is not None
        return row


def open_writer(config: SampleConfig, out: Path, catalogue: Catalogue) -> Writer:
    """A writer with the shop's words and catalogue loaded."""
    spill = out / "_parts" / "spill"
    con = duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)})
    con.execute((SQL_DIR / "macros.sql").read_text().replace("{until}", str(config.until)))
    _load_words(con)
    for name, columns in (("v_product", product_rows(catalogue)), ("v_variant", variant_rows(catalogue))):
        con.register("incoming", columns)
        con.execute(f"create table {name} as select * from incoming")
        con.unregister("incoming")
    moments, _ = campaign_moments(config)
    _load(con, "v_campaign", "campaign int, second bigint", [(i, int(s)) for i, s in enumerate(moments)])
    return Writer(config, out, con)


def _load_words(con: duckdb.DuckDBPyConnection) -> None:
    """The small tables of words that codes stand for."""
    word = "code int, word varchar, slug varchar"
    for name, words in (("v_first", FIRST_NAMES), ("v_last", LAST_NAMES), ("v_street", STREETS)):
        _load(con, name, word, [(i, w, slug(w)) for i, w in enumerate(pool(words)[0])])
    domains = (*MAIL_DOMAINS, *WORK_DOMAINS)
    _load(con, "v_domain", "code int, domain varchar", list(enumerate(domains)))
    city = "position int, country varchar, city varchar, region varchar, region_code varchar, postal varchar, digits int"
    _load(con, "v_city", city, [(i, *row) for i, row in enumerate(CITIES)])
    country = "position int, code varchar, name varchar, dial varchar, mobile varchar, mobile_from bigint, landline varchar"
    _load(con, "v_country", country, [
        (i, c.code, c.name, c.dial, c.mobile, c.mobile_from, c.landline) for i, c in enumerate(COUNTRIES)
    ])  # fmt: skip
    _load(con, "v_offer", "offer int, code varchar, percent int, cents int", offer_rows())
    _load(con, "v_metric", "metric int, metric_id varchar, name varchar",
          [(i, f"MET{i:03d}", name) for i, name in enumerate(METRIC_NAMES)])  # fmt: skip
    _load(con, "v_flow", "flow int, name varchar, trigger_type varchar",
          [(i, name, trigger) for i, (name, trigger, _) in enumerate(FLOWS)])  # fmt: skip
    _load(con, "v_phrase", "step int, topic int, tone int, subject varchar, text varchar", phrase_rows())
    _load(con, "v_agent", "agent_id bigint, name varchar, email varchar",
          [(FIRST_AGENT_ID + i, f"Agent {i + 1}", f"agent{i + 1}@kontor-neun.example") for i in range(AGENTS)])  # fmt: skip


def _load(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    con.execute(f"create table {name} ({columns})")
    con.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)
