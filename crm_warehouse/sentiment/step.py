"""The sentiment step between the two halves of a dbt build: customers' messages in, `pipeline.message_sentiments` out.

Belongs here: which messages are scored, and the table of scores. Does not: the scoring (analyzer.py).

The table is a cache of the private warehouse: a message is scored once, so that a day costs its new messages. It holds
keys and numbers, never text, and only of messages that the build still has.
"""

import hashlib
import importlib.metadata
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from crm_warehouse.custody import custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.sentiment.lexicon import WORDS_DIR
from crm_warehouse.settings import Settings

if TYPE_CHECKING:
    from crm_warehouse.sentiment.analyzer import Sentiment

logger = logging.getLogger(__name__)

TABLE = "pipeline.message_sentiments"
BATCH_ROWS = 20_000
# Shops hear "Thanks!" and their own forms over and over.
_KNOWN_TEXTS = 50_000

_DDL = f"""
create table if not exists {TABLE} (
    ticket_message_key varchar, language_code varchar, sentiment_score double, is_angry boolean,
    is_disappointed boolean, method varchar
)
"""
_MESSAGES = """
select ticket_message_key, body
from intermediate.int_ticket_messages_unioned
where author_type = 'customer' and is_public and body is not null
"""
# What an earlier build scored the same way, less what is gone: a message erased at the source leaves the cache too.
_KEEP = f"""
create or replace table {TABLE} as
select cached.*
from {TABLE} as cached
where cached.method = ? and cached.ticket_message_key in (select ticket_message_key from ({_MESSAGES}))
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class SentimentReport:
    """What the step did, for logs and metadata.

    Attributes:
        kept_count: Messages that an earlier build had scored.
        scored_count: Messages scored now.
        seconds: Wall time.
    """

    kept_count: int
    scored_count: int
    seconds: float

    def __str__(self) -> str:
        """One line for a person."""
        return f"scored {self.scored_count:,} messages, {self.kept_count:,} were known"


def create_sentiments_table(con: duckdb.DuckDBPyConnection) -> None:
    """Create `pipeline.message_sentiments` if it is absent; existing scores stay."""
    con.execute("create schema if not exists pipeline")
    con.execute(_DDL)


def score_messages(settings: Settings, build_id: str) -> SentimentReport:
    """Score the public messages of customers that have no score yet.

    Args:
        settings: The warehouse to work in; its first half must have been built.
        build_id: The build the step belongs to.

    Raises:
        WarehouseError: The messages are missing, because the first half of the build has not run.
    """
    started = monotonic()
    with (
        custody(settings, build_id, "sentiment"),
        duckdb.connect(str(settings.warehouse_path), config={"memory_limit": settings.memory_limit}) as con,
    ):
        create_sentiments_table(con)
        try:
            con.execute(_KEEP, [method()])
        except duckdb.CatalogException as error:
            raise WarehouseError(
                "There are no messages to score: intermediate.int_ticket_messages_unioned does not exist. "
                "Build the models before the fit first: dbt build --exclude source:pipeline.clv_fits+"
            ) from error
        kept = con.execute(f"select count(*) from {TABLE}").fetchall()[0][0]  # noqa: S608 - a constant
        scored = _score_new(con)
    report = SentimentReport(kept, scored, round(monotonic() - started, 3))
    logger.info("%s", report)
    return report


@lru_cache(maxsize=1)
def method() -> str:
    """What made a score: another library version or word list scores every message again."""
    digest = hashlib.sha256()
    for path in sorted([*WORDS_DIR.glob("*.csv"), WORDS_DIR.parent / "analyzer.py"]):
        digest.update(path.read_bytes())
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("nltk", "py3langid")]
    return ", ".join([*versions, f"words {digest.hexdigest()[:12]}"])


def _score_new(con: duckdb.DuckDBPyConnection) -> int:
    """Stream the messages without a score through the analyzer, a batch at a time."""
    with con.cursor() as reader:
        # The list is taken before the first insert, on a snapshot of its own.
        reader.execute("begin")
        reader.execute(f"select * from ({_MESSAGES}) anti join {TABLE} using (ticket_message_key)")  # noqa: S608 - constants
        rows = reader.fetchmany(BATCH_ROWS)
        if not rows:
            return 0
        # Two CPU seconds, which a build without new messages is spared.
        from crm_warehouse.sentiment.analyzer import analyze

        analyze_known = lru_cache(maxsize=_KNOWN_TEXTS)(analyze)
        count = 0
        while rows:
            _insert(con, [key for key, _ in rows], [analyze_known(body) for _, body in rows])
            count += len(rows)
            rows = reader.fetchmany(BATCH_ROWS)
        return count


def _insert(
    con: duckdb.DuckDBPyConnection, keys: Sequence[object], sentiments: "Sequence[Sentiment]"
) -> None:
    batch = {
        "ticket_message_key": np.array(keys),
        "language_code": np.array([s.language_code for s in sentiments]),
        "score": np.array([np.nan if s.score is None else s.score for s in sentiments], dtype=float),
        "is_angry": np.array([s.is_angry for s in sentiments]),
        "is_disappointed": np.array([s.is_disappointed for s in sentiments]),
    }
    con.register("sentiment_batch", batch)
    con.execute(
        f"insert into {TABLE} select ticket_message_key, language_code, "  # noqa: S608 - a constant
        "case when isnan(score) then null else score end, is_angry, is_disappointed, ? from sentiment_batch",
        [method()],
    )
    con.unregister("sentiment_batch")
