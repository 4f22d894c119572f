"""Judge one arrival or one candidate: `python -m crm_warehouse.quality.audit published/.staging/<build_id>`.

Belongs here: from a folder to a verdict in it. Does not: rules, or publishing.

A process of its own: Great Expectations is slow to import and must not share a process with what holds the
warehouse open. Exit code 0: passed; 1: a rule failed; 2: it could not be judged.
"""

import json
import os
import sys
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from crm_warehouse.errors import WarehouseError
from crm_warehouse.ingest.sql import literal
from crm_warehouse.publish.files import sha256, write_json
from crm_warehouse.publish.layout import AUDIT_FILE, CANDIDATE_FILE, MARTS_FILE, Candidate
from crm_warehouse.quality.measures import ARRIVAL_FILE, MEASURES_FILE
from crm_warehouse.quality.overrides import OVERRIDES_FILE, active_overrides
from crm_warehouse.quality.results import AuditReport, GateReport, RuleResult
from crm_warehouse.quality.rules import ARRIVAL_DIR, RELEASE_DIR, Rule, arrival_rules, candidate_rules

PASSED, FAILED, UNUSABLE = 0, 1, 2
QUARANTINE_FILE = "quarantine.duckdb"


def judge_arrival(
    folder: Path, *, suites_dir: Path = ARRIVAL_DIR, overrides: Path = OVERRIDES_FILE
) -> GateReport:
    """Judge the measured arrival in `folder` and write the verdict to its `arrival.json`."""
    started = time.monotonic()
    database = folder / MEASURES_FILE
    with duckdb.connect() as con:
        con.execute(f"attach {literal(str(database))} as measures (read_only)")
        ((build_id, since),) = con.execute("select build_id, since from measures.context").fetchall()
    results, engine = _judge(
        arrival_rules(suites_dir),
        database,
        overrides=overrides,
        has_live=since is not None,
        quarantine=folder / QUARANTINE_FILE,
    )
    report = GateReport(
        gate="arrival",
        build_id=build_id,
        passed=all(result.passed for result in results),
        seconds=round(time.monotonic() - started, 2),
        engine=engine,
        rules=results,
    )
    write_json(folder / ARRIVAL_FILE, report.to_dict())
    return report


def audit_candidate(
    folder: Path,
    suites_dir: Path = RELEASE_DIR,
    *,
    overrides: Path = OVERRIDES_FILE,
    quarantine: Path | None = None,
) -> AuditReport:
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
    live = _live_marts(candidate)
    if "rewritten" in candidate.record:
        # Somebody was erased from it. It was compared when it was built; its totals still count them.
        rules, live = [rule for rule in rules if not rule.counts_people], None
    results, engine = _judge(
        rules,
        candidate.marts_path,
        overrides=overrides,
        live=live,
        has_live=live is not None,
        quarantine=quarantine,
    )
    report = AuditReport(
        build_id=candidate.build_id,
        file_sha256=file_hash,
        candidate_sha256=sha256(folder / CANDIDATE_FILE),
        passed=len(results) == len(rules) and all(result.passed for result in results),
        audited_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
        seconds=round(time.monotonic() - started, 2),
        engine=engine,
        rules=results,
    )
    write_json(folder / AUDIT_FILE, report.to_dict())
    return report


def _judge(
    rules: list[Rule],
    database: Path,
    *,
    overrides: Path,
    has_live: bool,
    live: Path | None = None,
    quarantine: Path | None = None,
) -> tuple[list[RuleResult], str]:
    # Not at the top: see crm_warehouse/quality/validation.py.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    from crm_warehouse.quality.validation import ENGINE, Judged, validate

    judged = Judged(database, live, has_live, active_overrides(overrides), quarantine)
    return list(validate(judged, rules)), ENGINE


def _live_marts(candidate: Candidate) -> Path | None:
    """The file of the version this build took its state from."""
    if candidate.live_version is None:
        return None
    path = candidate.folder.parent.parent / "versions" / candidate.live_version / MARTS_FILE
    return path if path.exists() else None


def serve() -> int:
    """Judge what standard input asks for, a JSON line each, until it ends: one import serves both gates of a build."""
    answers = sys.stdout
    with redirect_stdout(sys.stderr):  # a library that prints must not look like an answer
        for line in sys.stdin:
            try:
                answer = {"verdict": str(_answer(json.loads(line)))}
            except WarehouseError as error:
                answer = {"error": str(error)}
            except duckdb.Error as error:
                # Its text may quote a value.
                answer = {"error": f"{type(error).__name__} of the database"}
            print(json.dumps(answer), file=answers, flush=True)
    return PASSED


def _answer(request: dict[str, str]) -> Path:
    folder = Path(request["folder"])
    overrides = Path(request.get("overrides") or OVERRIDES_FILE)
    if request["gate"] == "arrival":
        judge_arrival(folder, overrides=overrides)
        return folder / ARRIVAL_FILE
    quarantine = Path(request["quarantine"]) if request.get("quarantine") else None
    suites = Path(request.get("suites") or RELEASE_DIR)
    audit_candidate(folder, suites, overrides=overrides, quarantine=quarantine)
    return folder / AUDIT_FILE


def main(arguments: list[str]) -> int:
    """Audit the folder named on the command line and print the verdict; `--serve` answers requests instead."""
    if arguments == ["--serve"]:
        return serve()
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
