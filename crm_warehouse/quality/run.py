"""Run the audit in its own process.

Belongs here: starting it and reading its verdict. Does not: what is audited.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.layout import AUDIT_FILE, candidate_dir
from crm_warehouse.quality.audit import FAILED, PASSED
from crm_warehouse.quality.results import AuditReport
from crm_warehouse.settings import PROJECT_DIR, Settings

logger = logging.getLogger(__name__)


def run_audit(settings: Settings, build_id: str) -> AuditReport:
    """Audit the staged candidate of `build_id` in a fresh process and return its verdict, passed or not.

    Raises:
        WarehouseError: the audit could not run. A failed rule does not raise: it is in the report, and publishing
            refuses the candidate.
    """
    logger.info("auditing the candidate")
    return audit_folder(candidate_dir(settings, build_id))


def audit_folder(folder: Path) -> AuditReport:
    """Audit the candidate in `folder` in a fresh process, as `run_audit` does."""
    process = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "crm_warehouse.quality.audit", str(folder)],
        cwd=PROJECT_DIR,
        env={**os.environ, "GX_ANALYTICS_ENABLED": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode not in {PASSED, FAILED}:
        reason = (process.stderr.strip() or "no output").splitlines()[-1]
        raise WarehouseError(f"The audit of {folder.name} did not run: {reason}")
    report = AuditReport.read(folder / AUDIT_FILE)
    for rule in report.failed:
        logger.error("rule %s of %s failed: %s", rule.rule, rule.table, rule.why)
    return report
