"""Builds that die: run as a program, `python -m tests.python.publish.kill_runner <out>`.

Every call with which staging and publishing touch the disk is a point to die at. For each point a fork of this
process builds the next generation and kills itself there, in the middle of everything; then another fork, which
lives, must publish. Forks, because starting Python for each would take minutes.
"""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from crm_warehouse.publish import stage
from crm_warehouse.publish.publish import publish_candidate
from crm_warehouse.publish.stage import stage_candidate
from crm_warehouse.publish.versions import live_version
from crm_warehouse.settings import Settings
from tests.python.publish.fake_warehouse import FakeBuild, pass_audit

DISK_CALLS = ["fsync", "replace", "rename", "symlink", "unlink", "chmod", "mkdir"]


class Fuse:
    """Counts disk calls and kills the process at call number `burns_at`."""

    def __init__(self, burns_at: int | None) -> None:
        self.calls = 0
        self.burns_at = burns_at

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if self.calls == self.burns_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.calls += 1
            return function(*arguments, **options)

        return counted


def build(settings: Settings, generation: int, burns_at: int | None = None) -> None:
    """Build and publish one generation, unless it dies at disk call number `burns_at`."""
    build_id = f"b{generation}"
    FakeBuild(settings, build_id, generation=generation).run()
    fuse = Fuse(burns_at)
    for name in DISK_CALLS:
        setattr(os, name, fuse.wrap(getattr(os, name)))
    # Dying between two tables of the copy, too.
    stage._comment = fuse.wrap(stage._comment)
    stage_candidate(settings, build_id)
    pass_audit(settings, build_id)
    publish_candidate(settings, build_id)


def survives(settings: Settings, generation: int, burns_at: int | None = None) -> bool:
    """Run `build` in a fork; whether it came to its end or was killed."""
    child = os.fork()
    if child == 0:
        try:
            build(settings, generation, burns_at)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a build that was not killed did not publish")
    return os.WIFEXITED(status)


def main(out: Path) -> dict[str, Any]:
    settings = Settings(raw=out / "raw", out=out)
    survives(settings, generation=0)
    generations, points = count(1), count()
    killed = 0
    # Until a build gets past its last point. Each starts from what the one before left behind.
    while not survives(settings, next(generations), burns_at=next(points)):
        killed += 1
        if killed % 4 == 0:
            survives(settings, next(generations))
    newest = next(generations) - 1
    time.sleep(0.2)  # the reader sees the last one
    live = live_version(settings)
    leftovers = [path.name for path in (settings.published_dir / ".staging").iterdir()]
    return {"killed": killed, "live": live and live.build_id, "newest": f"b{newest}", "leftovers": leftovers}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
