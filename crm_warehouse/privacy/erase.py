"""An erasure from request to receipt.

Belongs here: whom a request is about and the order of the steps. Does not: the steps (versions.py, warehouse.py,
proof.py) or leaving people out of raw input (crm_warehouse/ingest/erased.py).

    request_erasure   any time: notes the request
    apply_erasures    start of the next build: tombstones, kept versions and the private file without the person
    (the build)       ingests without the people who have tombstones, and publishes
    prove_erasures    end of that build: nothing is found any more; the request itself is forgotten
"""

import logging
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.erased import normalized_email
from crm_warehouse.journeys.publication import hourly_settings, remove_working_data, without_customers
from crm_warehouse.privacy import vault
from crm_warehouse.privacy.proof import SHORTEST_SOUGHT, Finding, search
from crm_warehouse.privacy.versions import customers_of, finish_rewriting, rewrite_versions
from crm_warehouse.privacy.warehouse import renew_warehouse
from crm_warehouse.publish.files import remove_folder
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.quality.audit import QUARANTINE_FILE
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

# Triggers of the hour are waited for; a run that takes longer hangs.
_HOURLY_SECONDS = 900
# Their ids are those of things and not of people: they name nobody by themselves.
_FACT_RECORDS = {"order", "checkout", "respondent"}
_RECORDS = "record_key, source_name, record_type, record_id"


def request_erasure(
    settings: Settings, *, email: str | None = None, customer_keys: Iterable[str] = ()
) -> vault.Request:
    """Ask for a person to be gone from the next build on.

    Args:
        settings: The warehouse.
        email: An address of the person; its customer in the live version is erased, and whoever uses it until now.
        customer_keys: Customers of the live version.

    Raises:
        WarehouseError: the address is several customers', or a key is nobody's.
    """
    request = vault.Request(
        request_id=secrets.token_hex(8),
        requested_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        email=email.strip() if email else None,
        customer_keys=sorted(customer_keys),
    )
    with _live(settings) as con:
        _check(con, request)
        _resolve(con, request)
    vault.erasure_key(settings)  # fails now rather than in the build
    vault.save_request(settings, request)
    return request


def apply_erasures(settings: Settings, build_id: str) -> int:
    """Take everybody with an open request out of what is already there; the build that follows does the rest.

    Whatever is interrupted is done again by the next call.

    Returns:
        How many requests are being applied.

    Raises:
        WarehouseError: a kept version could not be rewritten; its person is still in it and the request stays open.
    """
    if vault.root(settings) != settings.out:
        return 0  # a past day's build; the warehouse it lies in looks after it
    with writer_lock(settings, build_id):
        for warehouse in (settings, *_past_days(settings)):
            finish_rewriting(warehouse)
        requests = vault.open_requests(settings)
        if not requests:
            return 0
        logger.info("applying %d erasure requests", len(requests))
        with _live(settings) as con:
            for request in requests:
                _resolve(con, request)
                request.build_id = build_id
                vault.save_request(settings, request)
                vault.add_tombstones(settings, _tombstones(con, settings, request))
        records = {record[0] for request in requests for record in request.records}
        # A run of the hour that has read them must not publish them after this; later ones leave them out.
        with writer_lock(hourly_settings(settings), build_id, wait_seconds=_HOURLY_SECONDS):
            without_customers(settings, customers_of(settings, records))
        rewritten = rewrite_versions(settings, records)
        renew_warehouse(settings)
        # Rows that broke a rule in earlier builds, by key.
        for failing_rows in settings.out.glob(f"quality/*/{QUARANTINE_FILE}"):
            failing_rows.unlink()
        for past in _past_days(settings):
            with writer_lock(past, build_id):
                rewritten += rewrite_versions(past, records)
                renew_warehouse(past)
                # Its views read these copies, and went with the old file.
                remove_folder(past.ingest_dir)
        logger.info("rewrote %d kept versions without erased people", len(rewritten))
        return len(requests)


def prove_erasures(settings: Settings, build_id: str) -> list[dict[str, Any]]:
    """Search everything for the people this build has erased; nothing found closes their requests.

    Returns:
        One receipt per closed request, without personal data.

    Raises:
        WarehouseError: something was found; the message says where. The request stays open.
    """
    requests = [r for r in vault.open_requests(settings) if r.build_id == build_id]
    if not requests:
        return []
    values = {value for request in requests for value in request.values}
    own = hourly_settings(settings)
    # A run of the hour would move files while they are read, and one that was killed has left its own.
    with writer_lock(own, build_id, wait_seconds=_HOURLY_SECONDS):
        remove_working_data(own)
        result = search(settings, values)
    if result.findings:
        raise WarehouseError(
            f"{len(result.findings)} places still hold an erased person: {'; '.join(map(str, result.findings[:10]))}. "
            "The request stays open. Remove these files if they are not the pipeline's own, then build again."
        )
    receipts = []
    for request in requests:
        receipt = {
            "erased_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
            "build_id": build_id,
            "records": len(request.records),
            "values_sought": len(values),
            **result.coverage(),
        }
        vault.close_request(settings, request, receipt)
        receipts.append(receipt)
    logger.info("%d erased people are found nowhere", len(receipts))
    return receipts


def prove_absence(settings: Settings, values: Iterable[str]) -> list[Finding]:
    """Search everything for these values, at any time."""
    return search(settings, set(values)).findings


def _check(con: duckdb.DuckDBPyConnection | None, request: vault.Request) -> None:
    if con is None:
        if request.customer_keys:
            raise WarehouseError(
                "Nothing is published yet, so no customer has a key. Give the e-mail address."
            )
        return
    if request.email:
        keys = [
            row[0]
            for row in con.execute(
                "select distinct customer_key from customer_identifiers "
                f"where email_normalized = {normalized_email('$1')} order by 1",
                [request.email],
            ).fetchall()
        ]
        if len(keys) > 1:
            raise WarehouseError(
                f"The address belongs to {len(keys)} customers: {', '.join(keys)}. Say which with --customer-key."
            )
        request.customer_keys = sorted({*request.customer_keys, *keys})
    known = con.execute(
        "select count(distinct customer_key) from customer_identifiers where list_contains($1, customer_key)",
        [request.customer_keys],
    ).fetchall()[0][0]
    if known < len(request.customer_keys):
        raise WarehouseError(
            f"{len(request.customer_keys) - known} of the keys are no customer of the live version. "
            "Look the person up in customer_identifiers."
        )


def _resolve(con: duckdb.DuckDBPyConnection | None, request: vault.Request) -> None:
    """Whom the request means in the live version as it is now, and by which values they would be recognised."""
    if request.email:
        request.values = sorted({*request.values, request.email.lower()})
    if con is None:
        return
    found = con.execute(
        f"""
        with keys as (
            select distinct customer_key from customer_identifiers
            where list_contains($keys, customer_key) or list_contains($records, record_key)
        )
        select {_RECORDS}, customer_key from customer_identifiers semi join keys using (customer_key)
        """,
        {"keys": request.customer_keys, "records": [record[0] for record in request.records]},
    ).fetchall()
    request.customer_keys = sorted({*request.customer_keys, *(row[-1] for row in found)})
    request.records = sorted({*request.records, *((a, b, c, d) for a, b, c, d, _ in found)})
    ids = {
        value
        for key, _, record_type, record_id in request.records
        for value in (key, record_id)
        if record_type not in _FACT_RECORDS and len(record_id) >= SHORTEST_SOUGHT
    }
    own = {value for values in _own_identifiers(con, request).values() for value in values}
    # Not the key: it names nobody, and the register of keys keeps it as a tombstone.
    request.values = sorted({*request.values, *ids, *own})


def _own_identifiers(con: duckdb.DuckDBPyConnection, request: vault.Request) -> dict[str, list[str]]:
    """Addresses that the person shares with no other customer: those of a household are not theirs alone."""
    found = {}
    for kind, column in (("email", "email_normalized"), ("phone", "phone_e164")):
        rows = con.execute(
            f"""
            select {column} from customer_identifiers
            where {column} in (select {column} from customer_identifiers where list_contains($1, customer_key))
            group by {column} having bool_and(list_contains($1, customer_key))
            """,
            [request.customer_keys],
        ).fetchall()
        found[kind] = [row[0] for row in rows]
    return found


def _tombstones(
    con: duckdb.DuckDBPyConnection | None, settings: Settings, request: vault.Request
) -> Iterator[vault.Tombstone]:
    def stone(*parts: str) -> vault.Tombstone:
        return vault.Tombstone(parts[0], vault.keyed_hash(settings, *parts), request.requested_at)

    for _, source_name, record_type, record_id in request.records:
        yield stone("record", source_name, record_type, record_id)
    if con is not None:
        for kind, values in _own_identifiers(con, request).items():
            for value in values:
                yield stone(kind, value)
    if request.email and not request.customer_keys:
        with duckdb.connect() as scratch:
            address = scratch.execute(f"select {normalized_email('$1')}", [request.email]).fetchall()[0][0]
        if address:
            yield stone("email", address)


def _past_days(settings: Settings) -> list[Settings]:
    """Warehouses of past days inside this one's folder."""
    inside = [path for pattern in ("as_of_*/*", "as_of/*/*") for path in settings.out.glob(pattern)]
    roots = {path.parent for path in inside if path.name in {"published", settings.warehouse_path.name}}
    return [replace(settings, out=out) for out in sorted(roots)]


@contextmanager
def _live(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection | None]:
    link = settings.published_dir / "marts.duckdb"
    if not link.exists():
        yield None
        return
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        yield con
