"""Has new raw data arrived, and is it all there?

Belongs here: telling a finished arrival from one that is going on. Does not: reading raw data, or starting a build.

Loaders write many files over minutes, and some keep the files' own times, so a recent write time alone proves nothing:
an arrival is finished when nothing about any file has changed for a while of our own clock.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from crm_warehouse.ingest.discover import raw_files


@dataclass(frozen=True)
class Watch:
    """What was seen so far.

    Attributes:
        seen: Fingerprint of the raw files at the last look; None before the first.
        since: Since when it has been that, ISO 8601.
        started: Fingerprint a build was last started for.
    """

    seen: str | None = None
    since: str = ""
    started: str | None = None

    @classmethod
    def from_text(cls, text: str | None) -> "Watch":
        """Read what `to_text` wrote; nothing, or something else, is a fresh start."""
        try:
            return cls(**json.loads(text or "{}"))
        except (TypeError, ValueError):
            return cls()

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    def look(self, fingerprint: str | None, now: datetime, quiet: timedelta) -> tuple["Watch", bool]:
        """What is known after one more look, and whether a build is due."""
        if fingerprint is None or fingerprint == self.started:
            return Watch(fingerprint, now.isoformat(), self.started), False
        if fingerprint != self.seen:
            return Watch(fingerprint, now.isoformat(), self.started), False
        if now - datetime.fromisoformat(self.since) < quiet:
            return self, False
        return Watch(fingerprint, self.since, started=fingerprint), True


def raw_fingerprint(raw: Path) -> str | None:
    """Hash over name, size and write time of every file that a build may read; None where there is none."""
    files = raw_files(raw) if raw.is_dir() else [raw]
    if not raw.is_dir():
        files.append(raw.with_name(f"{raw.name}.wal"))
    lines = []
    for path in files:
        try:
            stat = path.stat()
        except FileNotFoundError:  # renamed or removed while we look, or no WAL
            continue
        lines.append(f"{path.relative_to(raw.parent)}|{stat.st_size}|{stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else None
