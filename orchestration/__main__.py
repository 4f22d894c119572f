"""`python -m orchestration`: the same job as in the UI, run in this process with readable progress.

Belongs here: the command line around one run. Does not: pipeline steps.
"""

import argparse
import json
import logging
import os
import shutil
import sys
from datetime import date
from pathlib import Path

from sqlalchemy.exc import OperationalError

from crm_warehouse.access import PRIVATE_UMASK
from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import DEFAULT_OUT, PROJECT_DIR, Settings, making_out

INSTANCE_CONFIG = Path(__file__).parent / "dagster.yaml"
QUIET_CONSOLE = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's own events are in the UI; the console shows the pipeline's progress."""


def main(arguments: list[str] | None = None) -> int:
    """Build one warehouse; exit code 1 means that nothing was published, and the reason has been printed."""
    settings = _settings(_parser().parse_args(arguments))
    try:
        prepare_environment(settings)
        _log_progress()
        succeeded = _run(settings)
    except WarehouseError as error:
        print(f"\nNothing was published.\n{error}", file=sys.stderr)
        return 1
    except OperationalError as error:
        print(
            f"\nDagster's store in {os.environ['DAGSTER_HOME']} failed: {error.orig}. Readers still see the last "
            "published version. Free disk space or mend the store, then build again.",
            file=sys.stderr,
        )
        return 1
    return 0 if succeeded else 1


def prepare_environment(settings: Settings) -> None:
    """Set what dbt, Dagster and child processes read, before any of them is imported.

    Raises:
        WarehouseError: The output folder cannot be made or written.
    """
    os.umask(PRIVATE_UMASK)
    with making_out(settings):
        if not os.environ.get("DAGSTER_HOME"):
            home = settings.out / "dagster"
            home.mkdir(exist_ok=True)
            shutil.copyfile(INSTANCE_CONFIG, home / "dagster.yaml")
            os.environ["DAGSTER_HOME"] = str(home)
    os.environ.update(settings.to_env())
    os.environ.update(
        DBT_TARGET_PATH=str(settings.out / "target"),
        DBT_LOG_PATH=str(settings.out / "logs"),
        DO_NOT_TRACK="1",
        PYTHONWARNINGS="ignore",
        # Dagster's own commands start elsewhere, and dagster.yaml names a module of ours.
        PYTHONPATH=os.pathsep.join(filter(None, [str(PROJECT_DIR), os.environ.get("PYTHONPATH")])),
    )


def _run(settings: Settings) -> bool:
    import dagster as dg

    from crm_warehouse.notify import notify
    from crm_warehouse.report.summary import print_summary
    from orchestration.definitions import defs
    from orchestration.failures import notification_of, reason

    job = defs().get_repository_def().get_job("build")
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, run_config=QUIET_CONSOLE, raise_on_error=False)
    failures = [e for e in result.all_events if e.is_step_failure]
    for event in failures:
        print(f"\nStopped at {event.step_key}. {reason(event)[0]}", file=sys.stderr)
    if not result.success:
        ended = [e for e in result.all_events if e.is_failure]
        told = notification_of(ended, job="build", run_id=result.run_id)
        if not failures:
            print(f"\nNot started. {told.message}", file=sys.stderr)
        notify(told, to_log=False)
    print_summary(settings, build_id=result.run_id, succeeded=result.success)
    return bool(result.success)


def command_line(settings: Settings, *, out: Path, as_of: str) -> list[str]:
    """The command that builds a past day of `settings`' shop elsewhere."""
    command = [sys.executable, "-m", "orchestration", "--raw", str(settings.raw), "--out", str(out)]
    return [*command, "--as-of", as_of, "--vars", json.dumps(settings.var_overrides)]


def _log_progress() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("crm_warehouse")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description=__doc__)
    parser.add_argument("--raw", type=Path, help="folder or .duckdb file; default: the sample shop")
    parser.add_argument(
        "--out", type=Path, help="folder of this warehouse; default: data/, or data/as_of_<day>/"
    )
    parser.add_argument(
        "--as-of", type=date.fromisoformat, help="build what was known at the end of this day"
    )
    parser.add_argument("--vars", type=json.loads, default={}, help="project vars as JSON")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    default_out = DEFAULT_OUT / f"as_of_{arguments.as_of}" if arguments.as_of else DEFAULT_OUT
    out = (arguments.out or default_out).resolve()
    raw = (arguments.raw or DEFAULT_OUT / "sample_raw").resolve()
    return Settings(raw=raw, out=out, as_of=arguments.as_of, var_overrides=arguments.vars)


if __name__ == "__main__":
    os.chdir(PROJECT_DIR)
    sys.exit(main())
