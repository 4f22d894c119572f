"""Files that survive a crash: durable writes, hashes, and disk errors in words.

Belongs here: file-system primitives of publishing. Does not: what the files mean.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from crm_warehouse.errors import TransientError, WarehouseError

_DISK_WORDS = ("No space left", "Read-only file system", "Disk quota exceeded", "Input/output error")


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync(path: Path) -> None:
    """Make a file's content, or a folder's list of names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, content: str) -> None:
    """Write `content` so that `path` holds all of it or what it held before."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(content)
    fsync(partial)
    partial.replace(path)
    fsync(path.parent)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """`write_text` for a record."""
    write_text(path, json.dumps(content, indent=2, default=str) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises:
        WarehouseError: the file is absent or not what was written.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise WarehouseError(f"{path} does not exist. Build again.") from None
    except ValueError:
        raise WarehouseError(f"{path} is not valid JSON: it was edited or cut off. Build again.") from None
    if not isinstance(content, dict):
        raise WarehouseError(f"{path} does not hold a record. Build again.")
    return content


def point_symlink(link: Path, target: str) -> None:
    """Make `link` point to `target` (relative) in one step: a reader sees the old target or the new one.

    Raises:
        WarehouseError: something that is not a symlink is in the way.
    """
    if link.exists() and not link.is_symlink():
        raise WarehouseError(f"{link} is not the symlink that publishing maintains. Move it away first.")
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    fsync(link.parent)


def files_below(folder: Path) -> dict[str, Path]:
    """Every file in a folder and its sub-folders, by relative name."""
    found = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix(): path for path in found}


def remove_folder(folder: Path) -> None:
    """Delete a folder that may be half written or half deleted."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def disk_errors(action: str) -> Iterator[None]:
    """Turn failures of the disk (full, read-only, gone) into one message; what readers see is unchanged.

    Raises:
        TransientError: the operating system or DuckDB could not read or write.
    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        # A full disk reaches us as whatever DuckDB was doing; other kinds of its errors are not the disk's.
        if isinstance(error, duckdb.Error) and not isinstance(error, duckdb.IOException):
            if not any(words in str(error) for words in _DISK_WORDS):
                raise
            reason = "the disk is full or read-only"
        raise TransientError(
            f"Could not {action}: {reason}. Readers still see the last published version. "
            "Free disk space or fix the permissions of the output folder, then build again."
        ) from error
