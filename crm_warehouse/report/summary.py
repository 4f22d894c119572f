"""The last lines of a build: sources, customers, gates, version, and where to look next.

Belongs here: reading what the build recorded and printing it. Does not: deciding anything.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import duckdb

from crm_warehouse.publish.files import read_json
from crm_warehouse.publish.layout import (
    AUDIT_FILE,
    QUALITY_FILE,
    QUALITY_RESULTS_FILE,
    SITE_FILE,
    PublishedVersion,
)
from crm_warehouse.publish.versions import live_version
from crm_warehouse.quality.results import AuditReport
from crm_warehouse.settings import Settings

_FACTS = """
select
    (select count(*) from customers),
    (select count(*) from customer_identifiers),
    (select count(*) from orders where is_counted),
    (select coalesce(sum(net_amount), 0) from orders where is_counted),
    (select max(currency_code) from customer_360)
"""


def print_summary(settings: Settings, build_id: str, *, succeeded: bool) -> None:
    """Print what `build_id` published, or what readers still see after it was refused."""
    live = live_version(settings)
    print()
    if succeeded and live and live.build_id == build_id:
        _print_sources(live.manifest["sources"])
        _print_facts(live)
        _print_gates(live)
        print(f"\nPublished  {live.version}, as of {live.as_of_date}")
        _print_next(settings)
    elif live:
        print(f"Nothing new was published. Readers still see {live.version}, as of {live.as_of_date}.")
    else:
        print("Nothing was published.")


def _print_sources(tables: Iterable[dict[str, Any]]) -> None:
    print("Sources")
    by_source: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        by_source.setdefault(table["source_name"], []).append(table)
    for source, own in by_source.items():
        rows = sum(table["row_count"] or 0 for table in own)
        present = sum(1 for table in own if table["status"] != "missing_optional")
        notes = Counter(table["status"] for table in own if table["status"] not in {"ok", "missing_optional"})
        print(f"  {source:<12} {present:>3} tables {rows:>12,} rows  {_listed(notes)}".rstrip())
        for table in own:
            if "excluded by seeds/exclusions.csv" in (table["note"] or ""):
                print(f"  {'':<12} {table['table_name']}: {table['note']}")


def _print_facts(live: PublishedVersion) -> None:
    with duckdb.connect(str(live.marts_path), read_only=True) as connection:
        customers, records, orders, revenue, currency = connection.execute(_FACTS).fetchall()[0]
    print(f"\nCustomers  {customers:,} found in {records:,} source records")
    print(f"Orders     {orders:,} counted, net revenue {revenue:,.2f} {currency or ''}".rstrip())


def _print_gates(live: PublishedVersion) -> None:
    sources = live.manifest["sources"]
    quarantined = sum(table["quarantined_count"] or 0 for table in sources)
    audit = AuditReport.read(live.folder / AUDIT_FILE)
    proof = live.manifest["proof"]
    print("\nGates")
    quality = live.folder / QUALITY_RESULTS_FILE
    arrival = len(read_json(quality)["arrival"]) if quality.exists() else 0
    print(f"  arrival    passed, {arrival:,} rules, {quarantined:,} rows in quarantine")
    print(f"  model      passed, {proof['nodes']:,} models and tests, {len(proof['warnings'])} warnings")
    print(f"  release    passed, {len(audit.rules):,} rules on the candidate file")
    excused = [rule for rule in audit.rules if rule.note]
    for rule in excused:
        print(f"             {rule.rule}: {rule.note}")
    print(f"  findings   {live.folder / QUALITY_FILE}")


def _print_next(settings: Settings) -> None:
    marts = settings.published_dir / "marts.duckdb"
    print("\nLook next")
    print(
        f"  .venv/bin/python -c \"import duckdb; duckdb.connect('{marts}', read_only=True)"
        ".sql('from customer_360 limit 5').show()\""
    )
    if (settings.published_dir / SITE_FILE).exists():
        print(f"  {settings.published_dir / SITE_FILE}    open it in a browser: the figures")
    else:
        print("  (no report: it could not be written, see above)")
    print("  make dev    the asset graph, checks and schedule in the Dagster UI")


def _listed(notes: Counter[str]) -> str:
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in notes.items())
