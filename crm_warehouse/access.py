"""Who may read what: the warehouse is the service account's alone, published files are for readers.

Belongs here: file modes. Does not: what is in the files.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import Settings

_PRIVATE_UMASK = 0o077
_OTHERS = 0o077
# Readers pass through the output folder to `published/` but cannot list what else is there.
_PASSAGE = 0o711


@contextmanager
def private_files(settings: Settings) -> Iterator[None]:
    """Create every file and folder of the block for the service account only, and close what older runs left open."""
    before = os.umask(_PRIVATE_UMASK)
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
        settings.out.chmod(_PASSAGE)
        for path in settings.out.iterdir():
            if path != settings.published_dir and not path.is_symlink():
                path.chmod(path.stat().st_mode & ~_OTHERS)
        yield
    finally:
        os.umask(before)


def open_to_readers(path: Path) -> None:
    """Let readers read a published file, or enter a published folder; nobody but the service account writes it.

    Readers are everybody on the machine, or the group named by the environment variable CRM_READERS_GROUP.

    Raises:
        WarehouseError: there is no such group, or the service account is not in it.
    """
    group = os.environ.get("CRM_READERS_GROUP")
    mode = (0o750 if group else 0o755) if path.is_dir() else (0o440 if group else 0o444)
    if group:
        try:
            shutil.chown(path, group=group)
        except (LookupError, PermissionError):
            raise WarehouseError(
                f"CRM_READERS_GROUP names {group}, which does not exist or which this account is not in."
            ) from None
    path.chmod(mode)
