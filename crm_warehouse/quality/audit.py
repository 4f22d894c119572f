"""Audit one candidate: `python -m crm_warehouse.quality.audit published/.staging/<build_id>`.

Belongs here: from a candidate folder to a hash-bound verdict in it. Does not: rules, or publishing.

A process of its own: Great Expectations is slow to import and must not share a process with what holds the
warehouse open. Exit code 0: passed; 1: a rule failed; 2: the candidate could not be audited.
"""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import sha256, write_json
from crm_warehouse.publish.layout import AUDIT_FILE, CANDIDATE_FILE, Candidate
from crm_warehouse.quality.results import AuditReport
from crm_warehouse.quality.rules import SUITES_DIR, candidate_rules

PASSED, FAILED, UNUSABLE = 0, 1, 2


def audit_candidate(folder: Path, suites_dir: Path = SUITES_DIR) -> AuditReport:
    """Check the candidate in `folder` against every rule and write the verdict to its `audit.json`.

    Raises:
        WarehouseError: the folder holds no candidate, or its file is not the one that was staged.
    """
    started = time.monotonic()
    (folder / AUDIT_FILE).unlink(missing_ok=True)
    candidate = Candidate.read(folder)
    file_hash = sha256(candidate.marts_path)
    if file_hash != candidate.sha256:
        raise WarehouseError(f"{candidate.marts_path} was changed after it was staged. Stage it again.")
    rules = candidate_rules(candidate.tables, candidate.sources, suites_dir)

    # Not at the top: see crm_warehouse/quality/validation.py.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from crm_warehouse.quality.validation import ENGINE, validate

    results = list(validate(candidate.marts_path, rules))
    report = AuditReport(
        build_id=candidate.build_id,
        file_sha256=file_hash,
        candidate_sha256=sha256(folder / CANDIDATE_FILE),
        passed=len(results) == len(rules) and all(result.passed for result in results),
        audited_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
        seconds=round(time.monotonic() - started, 2),
        engine=ENGINE,
        rules=results,
    )
    write_json(folder / AUDIT_FILE, report.to_dict())
    return report


def main(arguments: list[str]) -> int:
    """Audit the folder named on the command line and print the verdict."""
    if len(arguments) != 1:
        print(__doc__.splitlines()[0], file=sys.stderr)
        return UNUSABLE
    try:
        report = audit_candidate(Path(arguments[0]))
    except WarehouseError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    for rule in report.failed:
        rows = f": {rule.failing_rows} failing" if rule.failing_rows is not None else ""
        print(f"FAILED {rule.table}.{rule.rule}{rows}{f' ({rule.error})' if rule.error else ''}. {rule.why}")
    print(
        f"{len(report.rules) - len(report.failed)} of {len(report.rules)} audit rules hold ({report.seconds} s)"
    )
    return PASSED if report.passed else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
