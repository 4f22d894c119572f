"""Going back: readers see an earlier version again, because somebody decided so.

Belongs here: the decision's conditions. Does not: the switch itself (versions.py).
"""

from dataclasses import replace

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import disk_errors
from crm_warehouse.publish.layout import PublishedVersion
from crm_warehouse.publish.lock import writer_lock
from crm_warehouse.publish.record import write_record
from crm_warehouse.publish.versions import list_versions, live_version, switch_to, verify_version
from crm_warehouse.settings import Settings


def version_before(settings: Settings) -> str:
    """The newest kept version that is older than the live one.

    Raises:
        WarehouseError: there is none.
    """
    versions = [version.version for version in list_versions(settings)]
    live = live_version(settings)
    older = [version for version in versions if live and version < live.version]
    if not older:
        raise WarehouseError("There is no older version to roll back to.")
    return max(older)


def rollback(
    settings: Settings, version: str | None = None, *, build_id: str = "rollback"
) -> PublishedVersion:
    """Let readers see an earlier version again. The next build takes that version's state as its base.

    Args:
        settings: The warehouse.
        version: A kept version; None takes the newest one that is older than the live one.
        build_id: Names the holder of the writer lock to others.

    Raises:
        WarehouseError: the version is not kept or not intact, or a build is running.
    """
    with writer_lock(settings, build_id):
        target = verify_version(settings, version or version_before(settings))
        if not target.is_live:
            with disk_errors("roll back"):
                switch_to(settings, target.version, action="rollback")
                write_record(settings)
        return replace(target, is_live=True)
