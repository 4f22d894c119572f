"""The audit on real candidates: it passes good ones, names what is wrong with others, and binds its verdict."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from crm_warehouse.errors import WarehouseError
from crm_warehouse.publish.files import sha256, write_json
from crm_warehouse.publish.layout import AUDIT_FILE, CANDIDATE_FILE
from crm_warehouse.quality import run
from crm_warehouse.quality.audit import FAILED, PASSED, UNUSABLE, main
from crm_warehouse.quality.results import AuditReport, RuleResult
from crm_warehouse.settings import PROJECT_DIR, Settings

Make = Callable[..., Path]
Audit = Callable[[Path], AuditReport]
# Great Expectations takes seconds to import and litters standard error when its process ends: one process for all.
AUDITOR = """
import json, sys
from pathlib import Path
from crm_warehouse.errors import WarehouseError
from crm_warehouse.quality.audit import audit_candidate
for line in sys.stdin:
    folder, suites = map(Path, json.loads(line))
    try:
        audit_candidate(folder, suites)
        print("audited", flush=True)
    except WarehouseError as error:
        print(error, flush=True)
"""
GOOD = "select i as order_key, 'ada@example.com' as email, 0.5::double as p from range(100) as t(i)"
SUITE = """
table: orders
rules:
  - rule: orders_p_is_a_probability
    why: A broken fit.
    expect: expect_column_values_to_be_between
    with: {column: p, min_value: 0, max_value: 1}
  - rule: orders_are_there
    why: Empty dashboards.
    not_empty_if: [order]
  - rule: orders_p_is_finite
    why: Totals would be infinite.
    failing_rows: select email from {batch} where not isfinite(p)
"""


@pytest.fixture(scope="module")
def auditor() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", AUDITOR],
        cwd=PROJECT_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process


@pytest.fixture
def audit(auditor: subprocess.Popen[str], suites: Path) -> Audit:
    """`audit_candidate`, in the process that has Great Expectations."""

    def ask(folder: Path) -> AuditReport:
        assert auditor.stdin and auditor.stdout
        print(json.dumps([str(folder), str(suites)]), file=auditor.stdin, flush=True)
        answer = auditor.stdout.readline().strip()
        if answer != "audited":
            raise WarehouseError(answer)
        return AuditReport.read(folder / AUDIT_FILE)

    return ask


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    folder = tmp_path / "suites"
    folder.mkdir()
    (folder / "orders.yml").write_text(SUITE)
    return folder


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    """A staged folder whose one table is a given query."""

    def make(orders: str = GOOD, keys: tuple[str, ...] = ("order_key",), name: str = "b1") -> Path:
        folder = tmp_path / "out" / "published" / ".staging" / name
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / "marts.duckdb")) as con:
            con.execute(f"create table orders as {orders}")
            rows = con.execute("select count(*) from orders").fetchall()[0][0]
        record = {
            "version": "20250131T000000Z",
            "build_id": name,
            "as_of_at": "2025-01-31T23:59:59",
            "as_of_date": "2025-01-31",
            "created_at": "2025-02-01T00:00:00",
            "live_version": None,
            "files": {"marts.duckdb": {"sha256": sha256(folder / "marts.duckdb")}},
            "tables": {
                "orders": {"rows": rows, "keys": [[key] for key in keys], "columns": [], "owner": None}
            },
            "sources": [{"table_name": "order", "row_count": 100}],
            "proof": {"warnings": []},
        }
        write_json(folder / CANDIDATE_FILE, record)
        return folder

    return make


def failures(report: AuditReport) -> dict[str, int | str | None]:
    return {result.rule: result.failing_rows or result.error for result in report.failed}


def test_a_good_candidate_passes_and_its_verdict_is_bound_to_the_file(candidate: Make, audit: Audit) -> None:
    folder = candidate()
    report = audit(folder)
    assert report.passed
    assert {result.rule for result in report.rules} == {
        "orders_order_key_is_unique",
        "orders_order_key_is_present",
        "orders_p_is_a_probability",
        "orders_are_there",
        "orders_p_is_finite",
        "orders_keeps_its_rows",
    }
    assert [r.rule for r in report.rules if r.status == "not_assessed"] == ["orders_keeps_its_rows"]
    assert report.build_id == "b1"
    assert report.file_sha256 == sha256(folder / "marts.duckdb")
    assert report.candidate_sha256 == sha256(folder / CANDIDATE_FILE)
    assert AuditReport.read(folder / AUDIT_FILE) == report


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (f"{GOOD} union all {GOOD}", {"orders_order_key_is_unique": 100}),
        (f"{GOOD} union all select null, 'x', 0.5", {"orders_order_key_is_present": 1}),
        (f"{GOOD} union all select 100, 'x', 1.5", {"orders_p_is_a_probability": 1}),
        (
            f"{GOOD} union all select 100, 'x', 'nan'::double",
            {"orders_p_is_a_probability": 1, "orders_p_is_finite": 1},
        ),
        (f"{GOOD} limit 0", {"orders_are_there": None}),
    ],
    ids=["duplicate keys", "missing key", "not a probability", "not a number", "empty table"],
)
def test_what_is_wrong_is_named_and_counted(
    candidate: Make, audit: Audit, orders: str, expected: dict[str, int]
) -> None:
    report = audit(candidate(orders))
    assert not report.passed
    assert failures(report) == expected


def test_a_rule_that_cannot_run_fails(candidate: Make, audit: Audit, suites: Path) -> None:
    (suites / "refunds.yml").write_text(SUITE.replace("orders", "refunds"))
    report = audit(candidate("select i as order_key, 'x' as email from range(3) as t(i)"))
    found = failures(report)
    assert found["refunds_p_is_finite"] == "The table is missing"
    assert "orders_p_is_finite" in found
    assert "orders_p_is_a_probability" in found
    assert "orders_order_key_is_unique" not in found


def test_no_value_of_the_data_is_in_the_record(candidate: Make, audit: Audit) -> None:
    folder = candidate(
        "select 'ada@example.com' as order_key, 'ada@example.com' as email, 7::double as p from range(9)"
    )
    assert not audit(folder).passed
    assert "ada@example.com" not in (folder / AUDIT_FILE).read_text()


def test_a_candidate_changed_after_staging_is_not_audited(candidate: Make, audit: Audit) -> None:
    folder = candidate()
    (folder / AUDIT_FILE).write_text(json.dumps({"passed": True}))
    with duckdb.connect(str(folder / "marts.duckdb")) as con:
        con.execute("delete from orders where order_key = 1")
    with pytest.raises(WarehouseError, match="was changed after it was staged"):
        audit(folder)
    assert not (folder / AUDIT_FILE).exists()


def test_the_command_says_by_its_exit_code_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = RuleResult("orders_are_there", "orders", "Empty dashboards.", passed=True)
    bad = RuleResult("orders_key_is_unique", "orders", "Counted twice.", passed=False, failing_rows=100)

    def found(*rules: RuleResult) -> None:
        passed = all(rule.passed for rule in rules)
        report = AuditReport("b1", "0", "0", passed, "2025-01-31", 1.0, "test", list(rules))
        monkeypatch.setattr("crm_warehouse.quality.audit.audit_candidate", lambda folder: report)

    found(good)
    assert main(["folder"]) == PASSED
    assert "1 of 1 audit rules hold" in capsys.readouterr().out
    found(good, bad)
    assert main(["folder"]) == FAILED
    assert "FAILED orders.orders_key_is_unique: 100 failing. Counted twice." in capsys.readouterr().out
    assert main([]) == UNUSABLE


def test_the_audit_runs_in_a_process_of_its_own(candidate: Make, tmp_path: Path) -> None:
    candidate()
    report = run.run_audit(Settings(raw=tmp_path, out=tmp_path / "out"), "b1")
    # The project's own rules ask for tables that this candidate does not have.
    assert not report.passed
    assert {result.error for result in report.failed if result.table != "orders"} == {"The table is missing"}


def test_an_audit_that_cannot_run_is_an_error_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="The release gate of build b9 did not run: .*does not exist"):
        run.run_audit(Settings(raw=tmp_path, out=tmp_path / "out"), "b9")
