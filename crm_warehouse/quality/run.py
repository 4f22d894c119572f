"""Run the gates in a process of their own.

Belongs here: starting that process, asking it, and reading its verdicts. Does not: what is judged.
"""

import json
import logging
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.layout import AUDIT_FILE, candidate_dir
from crm_warehouse.quality.audit import FAILED, PASSED, QUARANTINE_FILE
from crm_warehouse.quality.measures import measure_arrival, quality_dir
from crm_warehouse.quality.overrides import OVERRIDES_FILE
from crm_warehouse.quality.report import write_report
from crm_warehouse.quality.results import AuditReport, GateReport, RuleResult
from crm_warehouse.settings import PROJECT_DIR, Settings

logger = logging.getLogger(__name__)


class Judge:
    """The process that has Great Expectations; started when first asked, ends with its standard input."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._errors: list[str] = []

    def ask(self, **request: str) -> Path:
        """Have something judged; returns the file with the verdict.

        Raises:
            WarehouseError: it could not be judged.
        """
        process = self._running()
        try:
            _pipe(process.stdin).write(json.dumps(request) + "\n")
            _pipe(process.stdin).flush()
            answer = json.loads(_pipe(process.stdout).readline())
        except (OSError, ValueError):
            self.close()
            raise WarehouseError(self._errors[-1] if self._errors else "its process ended") from None
        if "error" in answer:
            raise WarehouseError(answer["error"])
        return Path(answer["verdict"])

    def close(self) -> None:
        """End the process and free its memory."""
        if self._process:
            _pipe(self._process.stdin).close()
            self._process.wait()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._errors = []
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "crm_warehouse.quality.audit", "--serve"],
                cwd=PROJECT_DIR,
                env={**os.environ, "GX_ANALYTICS_ENABLED": "false"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            threading.Thread(target=self._read_errors, args=[self._process], daemon=True).start()
        return self._process

    def _read_errors(self, process: Any) -> None:
        """A full pipe would stop the process; an error's kind says why it ended, its text could quote a value."""
        for line in process.stderr:
            if kind := re.match(r"[\w.]+(Error|Exception)", line):
                self._errors = [kind[0]]


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - narrows the type; both are pipes
    return stream


_judge = Judge()


def check_arrival(settings: Settings, build_id: str, *, overrides: Path = OVERRIDES_FILE) -> GateReport:
    """Measure what `build_id` ingested and judge it; the verdict is in `OUT/quality/<build_id>/`.

    Raises:
        WarehouseError: a rule blocks the build, or the gate could not run. Nothing downstream may run then.
    """
    logger.info("judging what arrived")
    folder = measure_arrival(settings, build_id).parent
    report = GateReport.read(_ask(build_id, gate="arrival", folder=str(folder), overrides=str(overrides)))
    _log(report.rules)
    if not report.passed:
        broken = "\n".join(f"  - {rule}" for rule in report.failed)
        raise WarehouseError(
            f"What arrived breaks {len(report.failed)} rules of the arrival gate; nothing was built.\n{broken}\n"
            "docs/rules/ says how to fix each, and how to grant an exception."
        )
    return report


def run_audit(
    settings: Settings, build_id: str, *, overrides: Path = OVERRIDES_FILE, keep_process: bool = False
) -> AuditReport:
    """Audit the staged candidate of `build_id` in the gates' process and return its verdict, passed or not.

    Raises:
        WarehouseError: the audit could not run. A failed rule does not raise: it is in the report, and publishing
            refuses the candidate.
    """
    logger.info("auditing the candidate")
    quality_dir(settings, build_id).mkdir(parents=True, exist_ok=True)
    verdict = _ask(
        build_id,
        gate="release",
        folder=str(candidate_dir(settings, build_id)),
        overrides=str(overrides),
        quarantine=str(quality_dir(settings, build_id) / QUARANTINE_FILE),
    )
    if not keep_process:
        _judge.close()
    report = AuditReport.read(verdict)
    _log(report.rules)
    write_report(settings, build_id, verdict.parent)
    return report


def audit_folder(folder: Path) -> AuditReport:
    """Audit the candidate in `folder`, wherever it is, and return its verdict, passed or not.

    Raises:
        WarehouseError: the audit could not run.
    """
    process = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "crm_warehouse.quality.audit", str(folder)],
        cwd=PROJECT_DIR,
        env={**os.environ, "GX_ANALYTICS_ENABLED": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if process.returncode not in {PASSED, FAILED}:
        raise WarehouseError(
            f"The audit of {folder} did not run. Try it: python -m crm_warehouse.quality.audit {folder}"
        )
    report = AuditReport.read(folder / AUDIT_FILE)
    _log(report.rules)
    return report


def _ask(build_id: str, **request: str) -> Path:
    try:
        return _judge.ask(**request)
    except WarehouseError as error:
        raise WarehouseError(
            f"The {request['gate']} gate of build {build_id} did not run: {error}"
        ) from error


def _log(rules: list[RuleResult]) -> None:
    for rule in rules:
        if not rule.passed:
            logger.error("%s", rule)
        elif rule.note:
            logger.warning("%s %s: %s", rule.rule, rule.status, rule.note)
