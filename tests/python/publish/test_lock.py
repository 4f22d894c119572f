"""Two builds never write one warehouse at a time, and a dead one does not block the next."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.lock import acquire_writer_lock, release_writer_lock, writer_lock
from crm_warehouse.settings import PROJECT_DIR, Settings

HOLDER = """
import sys, time
from pathlib import Path
from crm_warehouse.publish.lock import acquire_writer_lock
from crm_warehouse.settings import Settings
acquire_writer_lock(Settings(raw=Path("raw"), out=Path(sys.argv[1])), "night-run")
print("held", flush=True)
time.sleep(60)
"""


def hold(out: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out)], cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_refused_and_told_who_holds_the_lock(settings: Settings) -> None:
    holder = hold(settings.out)
    try:
        with pytest.raises(WarehouseError, match=f"process {holder.pid}, build night-run, since 20"):
            acquire_writer_lock(settings, "mine")
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_writer_lets_the_next_one_in(settings: Settings) -> None:
    holder = hold(settings.out)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer_lock(settings, "mine"):
        pass


def test_one_build_may_nest_its_lock_and_keeps_it_until_the_outermost_ends(settings: Settings) -> None:
    with writer_lock(settings, "mine"):
        with writer_lock(settings, "mine"):
            pass
        with pytest.raises(WarehouseError, match="build mine of this process"):
            acquire_writer_lock(settings, "another")
    with writer_lock(settings, "another"):
        pass


def test_two_warehouses_do_not_wait_for_each_other(settings: Settings, tmp_path: Path) -> None:
    other = Settings(raw=tmp_path / "raw", out=tmp_path / "other")
    with writer_lock(settings, "one"), writer_lock(other, "two"):
        pass


def test_a_lock_file_deleted_under_its_holder_does_not_let_two_in_for_good(settings: Settings) -> None:
    acquire_writer_lock(settings, "one")
    settings.lock_path.unlink()
    release_writer_lock(settings)
    with writer_lock(settings, "two"):
        assert settings.lock_path.exists()


def test_a_forked_child_does_not_inherit_the_lock(settings: Settings) -> None:
    with writer_lock(settings, "mine"):
        child = os.fork()
        if child == 0:
            try:
                acquire_writer_lock(settings, "mine")
            except WarehouseError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
