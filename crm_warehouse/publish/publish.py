"""Publish step: show an audited candidate to readers, if every proof holds.

Belongs here: the conditions, the seal and the switch. Does not: making or judging the candidate.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crm_warehouse.access import open_to_readers
from crm_warehouse.custody import prove_custody
from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import disk_errors, files_below, fsync, read_json, sha256, write_json
from crm_warehouse.publish.layout import (
    AUDIT_FILE,
    CANDIDATE_FILE,
    MANIFEST_FILE,
    Candidate,
    PublishedVersion,
    candidate_dir,
    versions_dir,
)
from crm_warehouse.publish.ledger import prove_build
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.parquet import export_parquet
from crm_warehouse.publish.record import write_record
from crm_warehouse.publish.versions import (
    collect_old_versions,
    is_live,
    list_versions,
    live_version,
    switch_to,
    verify_version,
)
from crm_warehouse.settings import Settings
from crm_warehouse.transform import target_dir


def publish_candidate(settings: Settings, build_id: str) -> PublishedVersion:
    """Make the candidate of `build_id` the version that readers see. Calling it again changes nothing.

    Raises:
        WarehouseError: naming the proof that is missing. Readers keep what they had.
    """
    with writer_lock(settings, build_id):
        candidate = Candidate.read(_folder_of(settings, build_id))
        audit = _check_audit(candidate, build_id)
        _check_warehouse(settings, candidate)
        _check_live(settings, candidate)
        with disk_errors("publish"):
            if candidate.folder.parent == versions_dir(settings):
                verify_version(settings, candidate.version)
            else:
                if settings.vars["parquet_export"]:
                    export_parquet(settings, candidate)
                seal(candidate, audit)
                _move_to_versions(settings, candidate)
            if not is_live(settings, candidate.version):
                switch_to(settings, candidate.version, action="publish")
            collect_old_versions(settings)
            write_record(settings)
        return PublishedVersion.read(versions_dir(settings) / candidate.version, is_live=True)


def _folder_of(settings: Settings, build_id: str) -> Path:
    """The staged candidate, or the version an interrupted publication of this build got as far as."""
    folder = candidate_dir(settings, build_id)
    if folder.exists():
        return folder
    for version in list_versions(settings):
        if version.build_id == build_id:
            return version.folder
    raise WarehouseError(f"Build {build_id} has no candidate: stage it before publishing.")


def _check_audit(candidate: Candidate, build_id: str) -> dict[str, Any]:
    """Check that the audit passed and that it judged exactly this file and this record."""
    if candidate.build_id != build_id:
        raise WarehouseError(
            f"The candidate in {candidate.folder} belongs to build {candidate.build_id}, not to {build_id}. "
            "Stage it again."
        )
    if not (candidate.folder / AUDIT_FILE).exists():
        raise WarehouseError("The candidate was not audited. Run the audit before publishing.")
    audit = read_json(candidate.folder / AUDIT_FILE)
    for name, file in candidate.record["files"].items():
        path = candidate.folder / name
        if not path.exists() or sha256(path) != file["sha256"]:
            raise WarehouseError(f"{path} was changed after staging. Stage and audit it again.")
    if audit.get("build_id") != build_id or audit.get("file_sha256") != candidate.sha256:
        raise WarehouseError("The audit record is about another file. Audit this candidate.")
    if audit.get("candidate_sha256") != sha256(candidate.folder / CANDIDATE_FILE):
        raise WarehouseError("The candidate's record was changed after the audit. Stage and audit it again.")
    if audit.get("passed") is not True:
        failed = ", ".join(rule["rule"] for rule in audit.get("rules", []) if not rule["passed"])
        raise WarehouseError(
            f"The audit failed: {failed or 'it ran no rule'}. Fix the cause and build again."
        )
    return audit


def _check_warehouse(settings: Settings, candidate: Candidate) -> None:
    """Check again that nobody touched the warehouse: the ledger proves now what it proved when staging."""
    proof = prove_build(settings, candidate.build_id, read_json(target_dir() / "manifest.json"))
    if proof.invocation_ids != candidate.record["proof"]["dbt_invocations"]:
        raise WarehouseError("dbt ran again after the candidate was staged. Stage and audit it again.")
    if prove_custody(settings, candidate.build_id) != candidate.record["proof"]["warehouse"]:
        raise WarehouseError("The warehouse was written after the candidate was staged. Build again.")


def _check_live(settings: Settings, candidate: Candidate) -> None:
    """Check that readers move forward, from the version that this build's state was computed against."""
    live = live_version(settings)
    if live and live.version == candidate.version:
        return
    base = live.version if live else None
    if candidate.live_version != base:
        raise WarehouseError(
            f"Build {candidate.build_id} took its state from version {candidate.live_version or '(none)'}, but "
            f"{base or 'no version'} is live now. Build again."
        )
    if live and candidate.as_of_at < live.as_of_at:
        raise WarehouseError(
            f"The candidate is as of {candidate.as_of_at} UTC, the live version as of {live.as_of_at} UTC. "
            "A build never takes readers back in time: build past days into another output folder, roll back "
            "to an older version first, or find out why the raw data lacks its newest events."
        )


def seal(candidate: Candidate, audit: dict[str, Any]) -> None:
    """Write the manifest over every file of the folder, last of all: a folder without it is no version."""
    # The audit check has just hashed the marts, gigabytes in a large shop.
    known = {name: file["sha256"] for name, file in candidate.record["files"].items()}
    files = {
        name: {"sha256": known.get(name) or sha256(path), "bytes": path.stat().st_size}
        for name, path in files_below(candidate.folder).items()
        if name != MANIFEST_FILE and not path.name.startswith(".")
    }
    record = {
        **candidate.record,
        "files": files,
        "audit": {"audited_at": audit["audited_at"], "rules": len(audit["rules"])},
        "sealed_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
    }
    write_json(candidate.folder / MANIFEST_FILE, record)
    for path in [candidate.folder, *candidate.folder.rglob("*")]:
        open_to_readers(path)


def _move_to_versions(settings: Settings, candidate: Candidate) -> None:
    target = versions_dir(settings) / candidate.version
    target.parent.mkdir(exist_ok=True)
    candidate.folder.rename(target)
    fsync(target.parent)
    fsync(candidate.folder.parent)
