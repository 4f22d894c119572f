"""The quality report of one version: what the three gates found, for people, in one file that needs no network.

Belongs here: collecting the gates' results into `quality.json` and rendering `quality.html`. Does not: judging.
"""

from dataclasses import asdict
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.ingest.sql import literal
from crm_warehouse.publish.files import read_json, write_json, write_text
from crm_warehouse.publish.layout import AUDIT_FILE, QUALITY_FILE, QUALITY_RESULTS_FILE, Candidate
from crm_warehouse.publish.versions import live_version
from crm_warehouse.quality.measures import ARRIVAL_FILE, MEASURES_FILE, quality_dir
from crm_warehouse.quality.results import AuditReport, GateReport
from crm_warehouse.settings import Settings

HISTORY_KEPT = 90

_TABLES = """
select
    arrived.source_name, arrived.table_name, arrived.entity, arrived.row_count, arrived.newest_at,
    volumes.row_count as new_rows, volumes.usual
from measures.tables as arrived left join measures.volumes as volumes
    on volumes.source_name = arrived.source_name and volumes.table_name = arrived.table_name
    and volumes.kind = '*' and volumes.part = 'all new hours'
order by all
"""


def write_report(settings: Settings, build_id: str, folder: Path) -> dict[str, Any]:
    """Collect what the gates found about the candidate in `folder` and write it beside the candidate, twice.

    The history of earlier versions is carried on from the live version: a refused build leaves no trace in it.
    """
    candidate = Candidate.read(folder)
    audit = AuditReport.read(folder / AUDIT_FILE)
    arrival = _arrival(settings, build_id)
    content: dict[str, Any] = {
        "version": candidate.version,
        "build_id": build_id,
        "as_of_date": candidate.as_of_date.isoformat(),
        "compared_with": candidate.live_version,
        "arrival": [asdict(rule) for rule in arrival.rules] if arrival else [],
        "arrived": _arrived(settings, build_id),
        "model": _model(settings, build_id),
        "release": [asdict(rule) for rule in audit.rules],
        "seconds": {"arrival": arrival.seconds if arrival else None, "release": audit.seconds},
        "quarantined": {
            f"{source['source_name']}.{source['table_name']}": source["quarantined_count"]
            for source in candidate.sources
            if source.get("quarantined_count")
        },
    }
    content["history"] = [*_history(settings), _line(content, candidate)][-HISTORY_KEPT:]
    write_json(folder / QUALITY_RESULTS_FILE, content)
    write_text(folder / QUALITY_FILE, render(content))
    return content


def _arrival(settings: Settings, build_id: str) -> GateReport | None:
    path = quality_dir(settings, build_id) / ARRIVAL_FILE
    return GateReport.read(path) if path.exists() else None


def _arrived(settings: Settings, build_id: str) -> list[dict[str, Any]]:
    path = quality_dir(settings, build_id) / MEASURES_FILE
    if not path.exists():
        return []
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(path))} as measures (read_only)")
        return _records(con, _TABLES)


def _model(settings: Settings, build_id: str) -> list[dict[str, Any]]:
    """Every dbt test of the build, as the ledger has it."""
    if not settings.warehouse_path.exists():
        return []
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(settings.warehouse_path))} as warehouse (read_only)")
        return _records(
            con,
            "select split_part(unique_id, '.', 3) as rule, max_by(status, finished_at) as status, "
            "max_by(failures, finished_at) as failing_rows from warehouse.pipeline.dbt_node_results "
            f"where build_id = {literal(build_id)} and resource_type = 'test' group by rule order by rule",
        )


def _records(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    result = con.execute(query)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _history(settings: Settings) -> list[dict[str, Any]]:
    live = live_version(settings)
    path = live.folder / QUALITY_RESULTS_FILE if live else None
    return list(read_json(path)["history"]) if path and path.exists() else []


def _line(content: dict[str, Any], candidate: Candidate) -> dict[str, Any]:
    outcomes = [rule["status"] for gate in ("arrival", "release") for rule in content[gate]]
    return {
        "version": candidate.version,
        "as_of_date": content["as_of_date"],
        "rules": len(outcomes) + len(content["model"]),
        "warned": outcomes.count("warned") + sum(test["status"] == "warn" for test in content["model"]),
        "overridden": outcomes.count("overridden"),
        "quarantined": sum(content["quarantined"].values()),
        "rows": {
            name: candidate.row_counts.get(name, 0) for name in ("customers", "orders", "message_events")
        },
    }


_STYLE = """
:root{color-scheme:light dark;--line:#d8dde3;--soft:#667;--good:#1a7f4b;--bad:#c0362c;--mild:#9a6a00}
body{font:15px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{margin:2rem 0 .5rem;font-size:1.15rem}p{margin:.3rem 0;color:var(--soft)}
.gates{display:flex;gap:1rem;flex-wrap:wrap;margin:1.2rem 0}
.gate{flex:1;min-width:13rem;border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
.gate b{display:block;font-size:1.3rem}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid var(--line);padding:.35rem .5rem;text-align:left;vertical-align:top}
th{font-weight:600;color:var(--soft)}.n{text-align:right;font-variant-numeric:tabular-nums}
.passed,.pass,.success{color:var(--good)}.failed,.fail,.error{color:var(--bad);font-weight:600}
.warned,.warn,.overridden{color:var(--mild);font-weight:600}.not_assessed{color:var(--soft)}
small{color:var(--soft)}code{font-size:.92em}svg{vertical-align:middle}
"""


def render(content: dict[str, Any]) -> str:
    """The report as one HTML page without scripts, fonts or anything else from elsewhere."""
    gates = {
        "Arrival": content["arrival"],
        "Model": [{**test, "status": _status(test["status"])} for test in content["model"]],
        "Release": content["release"],
    }
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>Quality of {escape(content['version'])}</title><style>{_STYLE}</style>",
        f"<h1>Data quality, version {escape(content['version'])}</h1>",
        f"<p>As of {escape(content['as_of_date'])}, compared with "
        f"{escape(content['compared_with'] or 'nothing: the first version')}. Build <code>"
        f"{escape(content['build_id'])}</code>.</p><div class=gates>",
        *(_card(name, rules) for name, rules in gates.items()),
        "</div>",
        _history_section(content["history"]),
        _arrived_section(content["arrived"]),
        *(f"<h2>{name} gate</h2>{_rules_table(rules)}" for name, rules in gates.items()),
        _quarantine_section(content["quarantined"]),
        "<p>What each rule means and how to grant an exception: <code>docs/rules/</code> of the project.</p></html>",
    ]
    return "\n".join(parts) + "\n"


def _status(word: str) -> str:
    return {"pass": "passed", "success": "passed", "warn": "warned"}.get(word, "failed")


def _card(name: str, rules: list[dict[str, Any]]) -> str:
    failed = sum(rule["status"] == "failed" for rule in rules)
    held = sum(rule["status"] == "passed" for rule in rules)
    others = ", ".join(
        f"{count} {word.replace('_', ' ')}"
        for word in ("warned", "overridden", "not_assessed")
        if (count := sum(rule["status"] == word for rule in rules))
    )
    verdict = f"<b class=failed>{failed} failed</b>" if failed else "<b class=passed>passed</b>"
    count = f"{held} of {len(rules)} rules hold{', ' if others else ''}{others}"
    return f"<div class=gate>{name}{verdict}<small>{count}</small></div>"


def _rules_table(rules: list[dict[str, Any]]) -> str:
    order = {"failed": 0, "warned": 1, "overridden": 2, "not_assessed": 4}
    rows = "".join(_rule_row(rule) for rule in sorted(rules, key=lambda rule: order.get(rule["status"], 3)))
    return f"<table><tr><th>Rule<th>Outcome<th class=n>Failing rows<th>Findings</tr>{rows}</table>"


def _rule_row(rule: dict[str, Any]) -> str:
    findings = [
        f"<code>{escape(subject)}</code> {escape(detail)}" for subject, detail in rule.get("findings", [])
    ]
    findings += [escape(text) for text in (rule.get("error"), rule.get("note")) if text]
    why = f"<br><small>{escape(rule['why'])}</small>" if rule.get("why") else ""
    status, failing = rule["status"], rule.get("failing_rows")
    return (
        f"<tr><td><code>{escape(rule['rule'])}</code>{why}<td class={status}>{status.replace('_', ' ')}"
        f"<td class=n>{'' if failing is None else f'{failing:,}'}<td>{'<br>'.join(findings)}</tr>"
    )


def _arrived_section(tables: list[dict[str, Any]]) -> str:
    if not tables:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(t['source_name'])}.{escape(t['table_name'])}</code><td>{escape(t['entity'])}"
        f"<td class=n>{t['row_count']:,}<td class=n>{_number(t['new_rows'])}<td class=n>{_number(t['usual'])}"
        f"<td>{_moment(t['newest_at'])}</tr>"
        for t in tables
    )
    return (
        "<h2>What arrived</h2><table><tr><th>Table<th>Entity<th class=n>Rows<th class=n>New<th class=n>Usual"
        f"<th>Newest (UTC)</tr>{rows}</table>"
    )


def _number(value: Any) -> str:
    return "" if value is None else f"{float(value):,.0f}"


def _moment(value: Any) -> str:
    if value is None:
        return ""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return f"{at:%Y-%m-%d %H:%M}"


def _history_section(history: list[dict[str, Any]]) -> str:
    if len(history) < 2:
        return ""
    lines = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}<td class=n>{history[-1]['rows'].get(name, 0):,}"
        f"<td>{_sparkline([line['rows'].get(name, 0) for line in history])}</tr>"
        for name in history[-1]["rows"]
    )
    trouble = "".join(
        f"<tr><td>{name}<td class=n>{history[-1][name]:,}<td>{_sparkline([line[name] for line in history])}</tr>"
        for name in ("quarantined", "warned", "overridden")
    )
    return (
        f"<h2>The last {len(history)} versions</h2><table><tr><th>Figure<th class=n>Now<th>"
        f"{escape(history[0]['as_of_date'])} to {escape(history[-1]['as_of_date'])}</tr>{lines}{trouble}</table>"
    )


def _sparkline(values: list[float]) -> str:
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = 300 / (len(values) - 1)
    points = " ".join(
        f"{i * step:.1f},{30 - 26 * (value - low) / span:.1f}" for i, value in enumerate(values)
    )
    return (
        f'<svg width="304" height="34" role="img" aria-label="{low:,} to {high:,}"><polyline points="{points}" '
        'fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )


def _quarantine_section(quarantined: dict[str, int]) -> str:
    if not quarantined:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(n)}</code><td class=n>{count:,}</tr>" for n, count in quarantined.items()
    )
    return (
        "<h2>Quarantine</h2><p>Rows left aside; their keys are in <code>pipeline.quarantine</code> of the private "
        f"warehouse.</p><table><tr><th>Table<th class=n>Rows</tr>{rows}</table>"
    )
