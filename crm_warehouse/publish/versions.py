"""Published versions: which there are, which is live, whether they are intact, and when they go.

Belongs here: reading, verifying, switching and collecting versions. Does not: making them (stage.py, publish.py)
or deciding to go back (rollback.py).
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import (
    files_below,
    point_symlink,
    read_json,
    remove_folder,
    sha256,
    write_text,
)
from crm_warehouse.publish.layout import (
    DOCUMENTS,
    IMPERSONAL_FILE,
    MANIFEST_FILE,
    MARTS_FILE,
    PublishedVersion,
    current_link,
    history_file,
    staging_dir,
    versions_dir,
)
from crm_warehouse.settings import Settings

logger = logging.getLogger(__name__)

VERSION_FACTS = ("as_of_at", "as_of_date", "build_id", "created_at", "git_revision", "project_version")

_VERSION_FORMAT = "%Y%m%dT%H%M%SZ"


def list_versions(settings: Settings) -> list[PublishedVersion]:
    """All kept versions, newest first."""
    live = _live_name(settings)
    return [
        PublishedVersion.read(folder, is_live=folder.name == live)
        for folder in sorted(_version_folders(settings), reverse=True)
    ]


def live_version(settings: Settings) -> PublishedVersion | None:
    """The version that readers see; None before the first publication."""
    live = _live_name(settings)
    if live is None or not (versions_dir(settings) / live).exists():
        return None
    return PublishedVersion.read(versions_dir(settings) / live, is_live=True)


def is_live(settings: Settings, version: str) -> bool:
    """Whether readers see `version`."""
    return _live_name(settings) == version


def verify_version(settings: Settings, version: str) -> PublishedVersion:
    """Check that a version's folder holds exactly the files its manifest sealed.

    Raises:
        WarehouseError: the version does not exist, or a file is missing, added or changed.
    """
    folder = versions_dir(settings) / version
    if not (folder / MANIFEST_FILE).exists():
        known = ", ".join(found.version for found in list_versions(settings)) or "none"
        raise WarehouseError(f"There is no published version {version}. Versions kept: {known}.")
    published = PublishedVersion.read(folder, is_live=is_live(settings, version))
    _verify_files(folder, published.manifest["files"])
    return published


@dataclass(frozen=True)
class LiveSpan:
    """When one version was live.

    Attributes:
        version: Its name.
        facts: What `warehouse_version` says of it.
        published_at: When it first became live, UTC.
        replaced_at: When it last stopped being live, UTC; None while it is.
    """

    version: str
    facts: dict[str, Any]
    published_at: datetime
    replaced_at: datetime | None


def published_spans(settings: Settings) -> list[LiveSpan]:
    """Every version that was ever live, oldest first, also those that are deleted."""
    live = _live_name(settings)
    replaced_at = _replaced_at(settings)
    spans: dict[str, LiveSpan] = {}
    for entry in _history(settings):
        version = entry["version"]
        if version not in spans:
            replaced = None if version == live else replaced_at.get(version)
            at = datetime.fromisoformat(entry["at"])
            spans[version] = LiveSpan(
                version, entry.get("facts", {}), _plain(at), replaced and _plain(replaced)
            )
    return [spans[version] for version in sorted(spans)]


def versions_last_seen(settings: Settings) -> list[str]:
    """Kept versions that a reader may have seen last: the live one first, after a rollback also those it took back."""
    live = _live_name(settings)
    if live is None:
        return []
    entries = [entry["version"] for entry in _history(settings)]
    since = entries[entries.index(live) :] if live in entries else []
    kept = {folder.name for folder in _version_folders(settings)}
    return [live, *sorted((set(since) & kept) - {live})]


def switch_to(settings: Settings, version: str, *, action: str) -> None:
    """Point readers to `version`. The caller has verified it and holds the writer lock."""
    previous = _live_name(settings)
    # The first time, these links lead nowhere until `current` exists: readers see no file, never half of one.
    for name in (MARTS_FILE, IMPERSONAL_FILE, *DOCUMENTS):
        if name in DOCUMENTS and not (versions_dir(settings) / version / name).exists():
            (settings.published_dir / name).unlink(missing_ok=True)
        else:
            point_symlink(settings.published_dir / name, f"current/{name}")
    point_symlink(current_link(settings), f"versions/{version}")
    entries = list(_history(settings))
    if previous and previous not in {entry["version"] for entry in entries}:
        # A build was killed between its switch and this line.
        sealed_at = _sealed_at(versions_dir(settings) / previous)
        entries.append(_entry(settings, previous, sealed_at, "publish", None))
    entries.append(_entry(settings, version, _now(), action, previous))
    write_text(history_file(settings), "".join(json.dumps(entry) + "\n" for entry in entries))


def next_version(settings: Settings, created_at: datetime) -> str:
    """A name that sorts after every existing version, even if the clock was set back."""
    taken = max((folder.name for folder in _version_folders(settings)), default="")
    name = created_at.strftime(_VERSION_FORMAT)
    if name > taken:
        return name
    return (datetime.strptime(taken, _VERSION_FORMAT) + timedelta(seconds=1)).strftime(_VERSION_FORMAT)


def collect_old_versions(settings: Settings) -> list[str]:
    """Delete versions that are neither live nor among the newest nor within the grace time (project vars)."""
    grace = timedelta(hours=settings.vars["published_grace_hours"])
    kept = settings.vars["published_versions_kept"]
    live = _live_name(settings)
    replaced_at = _replaced_at(settings)
    collected = []
    for folder in sorted(_version_folders(settings), reverse=True)[kept:]:
        last_use = replaced_at.get(folder.name, _sealed_at(folder))
        if folder.name == live or _now() - last_use < grace:
            continue
        # Renamed first: a version whose deletion was interrupted must not look like a version.
        trash = staging_dir(settings) / f"collected-{folder.name}"
        trash.parent.mkdir(exist_ok=True)
        folder.rename(trash)
        remove_folder(trash)
        collected.append(folder.name)
    if collected:
        logger.info("Collected %d old versions: %s", len(collected), ", ".join(collected))
    return collected


def _verify_files(folder: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, sealed in files.items():
        path = folder / name
        if not path.exists() or sha256(path) != sealed["sha256"]:
            raise WarehouseError(
                f"{path} is not the file that was audited: it was changed or removed afterwards. Do not use "
                "this version; publish a new one."
            )
    extra = set(files_below(folder)) - set(files) - {MANIFEST_FILE}
    if extra:
        raise WarehouseError(f"{folder} holds files that were never audited: {', '.join(sorted(extra))}.")


def _entry(
    settings: Settings, version: str, at: datetime, action: str, previous: str | None
) -> dict[str, Any]:
    """One line of the history; it outlives the version, so it carries what is worth knowing of it."""
    manifest = read_json(versions_dir(settings) / version / MANIFEST_FILE)
    facts = {name: manifest.get(name) for name in VERSION_FACTS}
    return {"at": at.isoformat(), "action": action, "version": version, "previous": previous, "facts": facts}


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _now() -> datetime:
    return datetime.now(UTC)


def _live_name(settings: Settings) -> str | None:
    link = current_link(settings)
    return link.readlink().name if link.is_symlink() else None


def _version_folders(settings: Settings) -> Iterator[Path]:
    """Folders with a seal; anything else in there is not a version."""
    if versions_dir(settings).is_dir():
        yield from (f for f in versions_dir(settings).iterdir() if (f / MANIFEST_FILE).exists())


def _sealed_at(folder: Path) -> datetime:
    return datetime.fromtimestamp((folder / MANIFEST_FILE).stat().st_mtime, UTC)


def _replaced_at(settings: Settings) -> dict[str, datetime]:
    """When each version last stopped being live: a reader may have opened it just before."""
    return {
        entry["previous"]: datetime.fromisoformat(entry["at"])
        for entry in _history(settings)
        if entry["previous"]
    }


def _history(settings: Settings) -> Iterator[dict[str, Any]]:
    """Switches, oldest first; without the file every version counts from its seal."""
    if history_file(settings).exists():
        yield from (json.loads(line) for line in history_file(settings).read_text().splitlines())
