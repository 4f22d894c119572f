"""The report of one version: what the marts say, for people, as one HTML file that needs no network.

Belongs here: collecting what the page shows and writing it beside the marts. Does not: queries (figures.py, sql/) or
looks (page/).

The file is sealed, switched, rolled back and deleted with its version; what it says of single customers is bounded by
the vars `report_personal_data`, `report_customers` and `report_min_people`.
"""

import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from crm_warehouse.publish.files import fsync, read_json, remove_folder
from crm_warehouse.publish.layout import (
    DBT_DOCS_FILE,
    IMPERSONAL_FILE,
    QUALITY_FILE,
    QUALITY_RESULTS_FILE,
    SITE_FILE,
    Candidate,
)
from crm_warehouse.report.figures import read_figures
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

PAGE_DIR = Path(__file__).parent / "page"
_VEGA = "window.vegaEmbed = vegaEmbed;"
_COMMENTS = """
select table_name, null as column_name, comment from duckdb_tables() where schema_name = 'main' and not internal
union all
select view_name, null, comment from duckdb_views() where schema_name = 'main' and not internal
union all
select table_name, column_name, comment from duckdb_columns() where schema_name = 'main' and not internal
"""


def write_site(settings: Settings, folder: Path) -> Path:
    """Write the report of the candidate or version in `folder` from nothing but what is in there."""
    logger.info("writing the report")
    candidate = Candidate.read(folder)
    path = folder / SITE_FILE
    try:
        path.unlink(missing_ok=True)
        path.write_text(render(collect(settings, candidate)))
    finally:
        remove_folder(folder / ".tmp")
    fsync(path)
    return path


def collect(settings: Settings, candidate: Candidate) -> dict[str, Any]:
    """Everything that the page shows, as it is embedded in it."""
    is_personal = bool(settings.vars["report_personal_data"])
    min_people = 1 if is_personal else int(settings.vars["report_min_people"])
    # By construction and not by a list of columns: the other file has nothing that says who somebody is.
    marts = candidate.marts_path if is_personal else candidate.folder / IMPERSONAL_FILE
    figures = read_figures(
        settings, marts, customer_limit=int(settings.vars["report_customers"]), min_people=min_people
    )
    return {
        "version": candidate.version,
        "as_of": candidate.as_of_date.isoformat(),
        "created_at": candidate.created_at.isoformat(),
        "git_revision": candidate.record.get("git_revision"),
        "currency": _currency(marts),
        "is_personal": is_personal,
        "min_people": min_people,
        "horizons": {name: settings.vars[f"{name}_horizon_days"] for name in ("clv", "churn")},
        "attribution_window_days": settings.vars["attribution_window_days"],
        "connected": _connected(settings, candidate),
        "documents": {
            "quality": QUALITY_FILE if (candidate.folder / QUALITY_FILE).exists() else None,
            "dbt": DBT_DOCS_FILE if (candidate.folder / DBT_DOCS_FILE).exists() else None,
        },
        "figures": {name: found.as_json() for name, found in figures.items()},
        "quality": _quality(candidate),
        "tables": _dictionary(candidate),
    }


def _currency(marts: Path) -> str | None:
    with duckdb.connect(str(marts), read_only=True) as con:
        row = con.execute("select max(currency_code) from kpi_monthly").fetchone()
    return row[0] if row else None


def _connected(settings: Settings, candidate: Candidate) -> dict[str, bool]:
    """Which domains have a source: an empty page says that nothing is connected, not that nothing happened."""
    platforms = {source["platform"] for source in candidate.sources if source["row_count"]}
    return {domain: bool(platforms & set(names)) for domain, names in settings.vars["platforms"].items()}


def _quality(candidate: Candidate) -> dict[str, Any]:
    path = candidate.folder / QUALITY_RESULTS_FILE
    results = read_json(path) if path.exists() else {}
    return {
        "gates": [
            _gate("arrival", results.get("arrival", [])),
            _gate("model", results.get("model", [])),
            _gate("release", results.get("release", [])),
        ],
        "compared_with": candidate.live_version,
        "history": results.get("history", []),
        "freshness": candidate.record["freshness"],
        "sources": [
            {
                name: source.get(name)
                for name in ("source_name", "table_name", "status", "row_count", "quarantined_count")
            }
            | {"newest_at": str(source["newest_at"])[:16] if source["newest_at"] else None}
            for source in candidate.sources
        ],
    }


def _gate(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    words = {"pass": "passed", "success": "passed", "warn": "warned"}
    counts: dict[str, int] = {}
    noted = []
    for rule in rules:
        status = words.get(rule["status"], rule["status"])
        counts[status] = counts.get(status, 0) + 1
        if status not in {"passed", "not_assessed"}:
            noted.append({"rule": rule["rule"], "status": status, "why": rule.get("why", "")})
    return {"name": name, "rules": len(rules), "counts": counts, "noted": noted}


def _dictionary(candidate: Candidate) -> list[dict[str, Any]]:
    """Every published table and column, with the comments that readers find in the file."""
    with duckdb.connect(str(candidate.marts_path), read_only=True) as con:
        comments = {(table, column): comment for table, column, comment in con.execute(_COMMENTS).fetchall()}
    return [
        {
            "name": name,
            "description": comments.get((name, None)) or "",
            "kind": table["kind"],
            "rows": table["rows"],
            "owner": table.get("owner"),
            "key": (table.get("keys") or [[]])[0],
            "columns": [
                [
                    column["name"],
                    column["type"],
                    comments.get((name, column["name"])) or "",
                    1 if column.get("personal") else 0,
                ]
                for column in table["columns"]
            ],
        }
        for name, table in sorted(candidate.tables.items())
    ]


@cache
def _vega() -> str:
    # Costs a second, and only this page needs it.
    import vl_convert

    # In a function, so that its names stay its own.
    return f"(() => {{{vl_convert.javascript_bundle(_VEGA)}}})();"


def render(content: dict[str, Any]) -> str:
    """The page with its data, styles and scripts inside."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE_DIR), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html").render(
        version=content["version"],
        as_of=content["as_of"],
        style=_source("report.css"),
        scripts=[
            _script(_vega()),
            *(_script(_source(name)) for name in ("tools.js", "charts.js", "pages.js", "report.js")),
        ],
        data=embedded_json(content),
    )


def _source(name: str) -> str:
    return (PAGE_DIR / name).read_text()


def _script(source: str) -> str:
    """A script as it can stand inside of HTML."""
    return source.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def embedded_json(content: Mapping[str, Any]) -> str:
    """Data as it can stand inside of a script element, whatever names a shop gives its campaigns."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
