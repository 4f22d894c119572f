"""Loads the small tables of words and products that the codes of the fact tables stand for."""

from collections.abc import Iterable

import duckdb
import numpy as np

from crm_warehouse.sample.arrays import Columns
from crm_warehouse.sample.baskets import OFFERS
from crm_warehouse.sample.catalogue import Catalogue, product_rows, variant_rows
from crm_warehouse.sample.config import SampleConfig
from crm_warehouse.sample.helpdesk import AGENTS, FIRST_AGENT_ID
from crm_warehouse.sample.messaging import FLOWS, METRIC_NAMES, campaign_moments
from crm_warehouse.sample.phrases import phrase_rows
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


def load_words(con: duckdb.DuckDBPyConnection, config: SampleConfig, catalogue: Catalogue) -> None:
    """Create every `v_*` table the SQL reads."""
    tables = {
        **_names(),
        **_places(),
        **_shop(),
        "v_product": product_rows(catalogue),
        "v_variant": variant_rows(catalogue),
        "v_campaign": _numbered("campaign", second=campaign_moments(config)[0]),
    }
    for name, columns in tables.items():
        con.register("incoming", columns)
        con.execute(f"create table {name} as select * from incoming")  # noqa: S608 - the names are ours
        con.unregister("incoming")


def _numbered(number: str, **columns: Iterable[object]) -> Columns:
    """Columns with their position in front; words become object arrays, which DuckDB reads as text."""
    arrays = {name: _array(list(values)) for name, values in columns.items()}
    size = len(next(iter(arrays.values())))
    return {number: np.arange(size), **arrays}


def _array(values: list[object]) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    return np.array(values, dtype=object if isinstance(values[0], str | None) else np.int64)


def _transposed(names: str, rows: Iterable[tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Rows as columns with the given names."""
    return dict(zip(names.split(), zip(*rows, strict=True), strict=True))


def _names() -> dict[str, Columns]:
    tables = {}
    for name, words in (("v_first", FIRST_NAMES), ("v_last", LAST_NAMES), ("v_street", STREETS)):
        flat, _ = pool(words)
        tables[name] = _numbered("code", word=flat, slug=[slug(word) for word in flat])
    return tables


def _places() -> dict[str, Columns]:
    countries = [(c.code, c.name, c.dial, c.mobile, c.mobile_from, c.landline) for c in COUNTRIES]
    return {
        "v_city": _numbered(
            "position", **_transposed("country city region region_code postal digits", CITIES)
        ),
        "v_country": _numbered(
            "position", **_transposed("code name dial mobile mobile_from landline", countries)
        ),
        "v_domain": _numbered("code", domain=(*MAIL_DOMAINS, *WORK_DOMAINS)),
    }


def _shop() -> dict[str, Columns]:
    # The offer after the last one replaces what arrived broken.
    offers = [*OFFERS, ("ERSATZ", 100, 0)]
    agents = [(f"Agent {i + 1}", f"agent{i + 1}@kontor-neun.example") for i in range(AGENTS)]
    phrases = _transposed("step topic tone subject text", phrase_rows())
    return {
        "v_offer": _numbered("offer", **_transposed("code percent cents", offers)),
        "v_metric": _numbered(
            "metric", metric_id=[f"MET{i:03d}" for i in range(len(METRIC_NAMES))], name=METRIC_NAMES
        ),
        "v_flow": _numbered("flow", name=[f[0] for f in FLOWS], trigger_type=[f[1] for f in FLOWS]),
        "v_agent": {
            **_numbered("agent", **_transposed("name email", agents)),
            "agent_id": FIRST_AGENT_ID + np.arange(AGENTS),
        },
        "v_phrase": _numbered("phrase", **phrases),
    }
