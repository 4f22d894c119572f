"""Staging and publishing on a disk that fills up and turns read-only: run inside a private mount namespace.

`unshare --user --map-root-user --mount python -m tests.python.publish.disk_runner <empty folder>` mounts a small disk
on the folder, and prints per attempt what the error said and whether readers still saw the same file.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import sha256
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.rollback import rollback
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.settings import Settings
from tests.python.publish.fake_warehouse import FakeBuild, pass_audit


def mount(folder: Path, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", folder], check=True)


def fill(folder: Path) -> Path:
    """Take all space there is."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler


def main(disk: Path) -> None:
    mount(disk, "size=64m")
    settings = Settings(raw=disk / "raw", out=disk / "out")
    os.environ["DBT_TARGET_PATH"] = str(settings.out / "target")
    FakeBuild(settings, "b1").run()
    stage_candidate(settings, "b1")
    pass_audit(settings, "b1")
    first = publish_candidate(settings, "b1")
    live = settings.published_dir / "marts.duckdb"
    seen = (live.resolve(), sha256(live))

    def attempt(name: str, action: Callable[[], object]) -> None:
        try:
            action()
            outcome = "no error"
        except WarehouseError as error:
            outcome = str(error)
        same = (live.resolve(), sha256(live)) == seen
        print(json.dumps({"attempt": name, "outcome": outcome, "live_is_intact": same}))

    FakeBuild(settings, "b2", generation=2).run()
    filler = fill(disk)
    attempt("stage, full", lambda: stage_candidate(settings, "b2"))
    filler.unlink()
    mount(disk, "remount", "ro")
    attempt("stage, read-only", lambda: stage_candidate(settings, "b2"))
    mount(disk, "remount", "rw")
    stage_candidate(settings, "b2")
    pass_audit(settings, "b2")
    filler = fill(disk)
    attempt("publish, full", lambda: publish_candidate(settings, "b2"))
    filler.unlink()
    mount(disk, "remount", "ro")
    attempt("publish, read-only", lambda: publish_candidate(settings, "b2"))
    mount(disk, "remount", "rw")
    second = publish_candidate(settings, "b2")
    seen = (live.resolve(), sha256(live))
    mount(disk, "remount", "ro")
    attempt("roll back, read-only", lambda: rollback(settings, first.version))
    mount(disk, "remount", "rw")
    print(
        json.dumps({"attempt": "publish, repaired", "outcome": "no error", "live_is_intact": second.is_live})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
