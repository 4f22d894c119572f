"""Who may read what: the warehouse is the service account's alone, published files are for readers.

Belongs here: file modes. Does not: what is in the files.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import disk_errors
from crm_warehouse.publish.layout import IMPERSONAL_FILE
from crm_warehouse.settings import Settings

PRIVATE_UMASK = 0o077
_OTHERS = 0o077
# Readers pass through the output folder to `published/` but cannot list what else is there.
PASSAGE = 0o711


@contextmanager
def private_files(settings: Settings) -> Iterator[None]:
    """Create every file and folder of the block for the service account only, and close what older runs left open."""
    before = os.umask(PRIVATE_UMASK)
    try:
        with disk_errors("make the output folder private"):
            settings.out.mkdir(parents=True, exist_ok=True)
            _close(settings)
        yield
    finally:
        os.umask(before)


def _close(settings: Settings) -> None:
    try:
        settings.out.chmod(PASSAGE)
        for path in settings.out.iterdir():
            # Past days are whole warehouses, each with its own published folder.
            if path != settings.published_dir and not path.is_symlink():
                path.chmod(PASSAGE if path.name.startswith("as_of") else path.stat().st_mode & ~_OTHERS)
    except PermissionError:
        raise WarehouseError(
            f"{settings.out} or something in it belongs to another account. One service account owns a warehouse: "
            "give it the folder, or build into another one."
        ) from None
    except FileNotFoundError:  # another writer finished a temporary file meanwhile
        return


def open_to_readers(path: Path) -> None:
    """Let readers read a published file, or enter a published folder; nobody but the service account writes it.

    Readers are everybody on the machine, or the group named by the environment variable CRM_READERS_GROUP. Everybody
    else then reads the marts without personal data, and passes through the folders to them without seeing what else
    is there.

    Raises:
        WarehouseError: there is no such group, or the service account is not in it.
    """
    group = os.environ.get("CRM_READERS_GROUP")
    for_all = not group or path.name == IMPERSONAL_FILE
    mode = (0o751 if group else 0o755) if path.is_dir() else (0o444 if for_all else 0o440)
    if group:
        try:
            shutil.chown(path, group=group)
        except (LookupError, PermissionError):
            raise WarehouseError(
                f"CRM_READERS_GROUP names {group}, which does not exist or which this account is not in."
            ) from None
    path.chmod(mode)
