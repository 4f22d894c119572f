"""What is kept about erasures, readable by the service account only.

Belongs here: the key, the tombstones and the open requests as files. Does not: what they lead to.

    <out>/private/erasure.key        key of the hashes, unless CRM_ERASURE_KEY gives it
    <out>/private/tombstones.jsonl   keyed hashes of erased records and addresses, for good
    <out>/private/requests/*.json    open requests with the person's own values; deleted once proven
    <out>/private/receipts.jsonl     what was done when, without personal data
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import fsync
from crm_warehouse.settings import JOURNEYS_DIR, Settings

KEY_VARIABLE = "CRM_ERASURE_KEY"
_SHORTEST_KEY = 16
_KEY_CHECK = "key"

SEPARATOR = "\x1f"
"""Between the parts of what is hashed."""


@dataclass(frozen=True)
class Tombstone:
    """One erased thing: only who holds the key and the value itself can tell what it was.

    Attributes:
        kind: `record` (source, type and id of a source record), `email` or `phone`.
        hash: HMAC-SHA256, hexadecimal.
        erased_at: When the request was made, UTC; what the same address does later is a new relationship.
    """

    kind: str
    hash: str
    erased_at: datetime


@dataclass
class Request:
    """An open erasure request. Holds personal data, so its file is private and goes once the person is gone.

    Attributes:
        request_id: Its name in receipts; random.
        requested_at: When, UTC.
        email: Address the request named, as typed; None when it named keys.
        customer_keys: Customers of the live version it is about; empty for an address nobody had yet.
        records: Their source records: (record_key, source_name, record_type, record_id).
        values: What must not be found anywhere afterwards.
        build_id: The build that applies it; None before.
    """

    request_id: str
    requested_at: datetime
    email: str | None
    customer_keys: list[str] = field(default_factory=list)
    records: list[tuple[str, str, str, str]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    build_id: str | None = None


def root(settings: Settings) -> Path:
    """The warehouse whose vault counts: that of a past day or of hourly triggers lies inside another one's folder."""
    above = [
        parent for parent in settings.out.parents[:2] if _is_inner(settings.out.relative_to(parent).parts[0])
    ]
    return next((parent for parent in above if (parent / "private").is_dir()), settings.out)


def private_dir(settings: Settings) -> Path:
    """The folder for the service account alone, made on first use."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def open_requests(settings: Settings) -> list[Request]:
    """Requests not yet proven, oldest first."""
    folder = _folder(settings) / "requests"
    if not folder.is_dir():
        return []
    requests = [_read_request(path) for path in folder.glob("*.json")]
    return sorted(requests, key=lambda request: (request.requested_at, request.request_id))


def save_request(settings: Settings, request: Request) -> None:
    """Write a request, new or with what has been found out since."""
    content = asdict(request) | {"requested_at": request.requested_at.isoformat()}
    _write_private(_request_path(settings, request), json.dumps(content))


def close_request(settings: Settings, request: Request, receipt: dict[str, Any]) -> None:
    """Note what was done, then forget the request."""
    path = private_dir(settings) / "receipts.jsonl"
    done = path.read_text() if path.exists() else ""
    if f'"{request.request_id}"' not in done:
        entry = {
            "request_id": request.request_id,
            "requested_at": request.requested_at.isoformat(),
            **receipt,
        }
        _write_private(path, done + json.dumps(entry) + "\n")
    _request_path(settings, request).unlink(missing_ok=True)


def known_tombstones(settings: Settings) -> list[Tombstone]:
    """Everything ever erased, recognisable under the key there is.

    Raises:
        WarehouseError: the tombstones were made with another key.
    """
    stones = tombstones(settings)
    checks = {stone.hash for stone in stones if stone.kind == _KEY_CHECK}
    if checks and checks != {keyed_hash(settings, _KEY_CHECK)}:
        raise WarehouseError(
            f"People have been erased under another key: restore {KEY_VARIABLE} or the file erasure.key. Without it "
            "their raw data would be built again."
        )
    return [stone for stone in stones if stone.kind != _KEY_CHECK]


def tombstones(settings: Settings) -> list[Tombstone]:
    """The lines of the file."""
    path = _folder(settings) / "tombstones.jsonl"
    if not path.exists():
        return []
    entries = (json.loads(line) for line in path.read_text().splitlines())
    return [Tombstone(e["kind"], e["hash"], datetime.fromisoformat(e["erased_at"])) for e in entries]


def add_tombstones(settings: Settings, fresh: Iterable[Tombstone]) -> None:
    """Keep tombstones for good; of the same hash the latest time counts."""
    kept = {(stone.kind, stone.hash): stone for stone in tombstones(settings)}
    for stone in [*fresh, Tombstone(_KEY_CHECK, keyed_hash(settings, _KEY_CHECK), datetime.min)]:
        old = kept.get((stone.kind, stone.hash))
        kept[stone.kind, stone.hash] = max(stone, old or stone, key=lambda s: s.erased_at)
    lines = (
        json.dumps({"kind": s.kind, "hash": s.hash, "erased_at": s.erased_at.isoformat()}) + "\n"
        for s in kept.values()
    )
    _write_private(private_dir(settings) / "tombstones.jsonl", "".join(lines))


def epoch(settings: Settings) -> str:
    """Changes whenever something is erased; empty while nothing ever was."""
    path = _folder(settings) / "tombstones.jsonl"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path.exists() else ""


def keyed_hash(settings: Settings, *parts: str) -> str:
    """HMAC-SHA256 of the parts under the erasure key; SQL computes the same (crm_warehouse/ingest/erased)."""
    return hmac.new(erasure_key(settings), SEPARATOR.join(parts).encode(), "sha256").hexdigest()


def erasure_key(settings: Settings) -> bytes:
    """The key of all hashes, 32 bytes: from CRM_ERASURE_KEY, or from a generated file.

    Raises:
        WarehouseError: the key is too short, or it is gone while there are tombstones that need it.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        if len(given) < _SHORTEST_KEY:
            raise WarehouseError(f"{KEY_VARIABLE} needs at least {_SHORTEST_KEY} characters.")
        return hashlib.sha256(given.encode()).digest()
    path = private_dir(settings) / "erasure.key"
    if not path.exists():
        if tombstones(settings):
            raise WarehouseError(
                f"People have been erased, but the key to recognise them is gone: restore {path} or set "
                f"{KEY_VARIABLE}. Without it their raw data would be built again."
            )
        _write_private(path, secrets.token_hex(32))
    return hashlib.sha256(path.read_bytes()).digest()


def _is_inner(name: str) -> bool:
    """Whether a folder of this name holds past days or hourly triggers; `as_offering` may be a warehouse of its own."""
    return name in {JOURNEYS_DIR, "as_of"} or name.startswith("as_of_")


def _folder(settings: Settings) -> Path:
    return root(settings) / "private"


def _request_path(settings: Settings, request: Request) -> Path:
    folder = private_dir(settings) / "requests"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / f"{request.request_id}.json"


def _read_request(path: Path) -> Request:
    content = json.loads(path.read_text())
    content["requested_at"] = datetime.fromisoformat(content["requested_at"])
    content["records"] = [tuple(record) for record in content["records"]]
    return Request(**content)


def _write_private(path: Path, content: str) -> None:
    """Write a file as a whole that nobody else could read at any moment."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(content)
    fsync(partial)
    partial.replace(path)
    fsync(path.parent)
