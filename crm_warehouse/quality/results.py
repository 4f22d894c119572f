"""What a gate found, as it is stored next to what it judged.

Belongs here: the record's form, free of Great Expectations so that reading it is cheap. Does not: making it.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crm_warehouse.publish.files import read_json

PASSED, FAILED, WARNED, OVERRIDDEN, NOT_ASSESSED = "passed", "failed", "warned", "overridden", "not_assessed"


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule.

    Attributes:
        rule: Its name.
        table: The table it is about.
        why: What goes wrong for readers when it fails.
        passed: Whether the build may go on: it held, only warns, is overridden, or could not be assessed yet.
        failing_rows: How many rows or groups broke it; None where the rule counts nothing or could not run.
        error: Kind of error that kept the rule from running; never a value from the data.
        status: passed, failed, warned, overridden, or not_assessed (nothing to compare with yet).
        findings: What broke it, as `[subject, detail]`; names and figures, never a value from the data.
        note: Who answers for a warning or an override, and until when.
    """

    rule: str
    table: str
    why: str
    passed: bool
    failing_rows: int | None = None
    error: str | None = None
    status: str = ""
    findings: list[list[str]] = field(default_factory=list)
    note: str | None = None

    def __post_init__(self) -> None:
        """A result that only knows whether it passed has the plain status."""
        if not self.status:
            object.__setattr__(self, "status", PASSED if self.passed else FAILED)

    def __str__(self) -> str:
        """The rule, its findings or their number, and why it matters; without a value from the data."""
        shown = "; ".join(f"{subject}: {detail}" for subject, detail in self.findings)
        count = f"{self.failing_rows} failing" if self.failing_rows is not None else ""
        return f"{self.rule} ({shown or self.error or count or 'does not hold'}). {self.why}"


@dataclass(frozen=True)
class GateReport:
    """What one gate found in one build.

    Attributes:
        gate: arrival or release.
        build_id: Build that was judged.
        passed: Whether every rule lets the build go on.
        seconds: Wall time.
        engine: Name and version of what ran the rules.
        rules: All results.
    """

    gate: str
    build_id: str
    passed: bool
    seconds: float
    engine: str
    rules: list[RuleResult]

    @classmethod
    def read(cls, path: Path) -> "GateReport":
        """Read the record that a gate wrote."""
        content = read_json(path)
        rules = [RuleResult(**rule) for rule in content.pop("rules")]
        return cls(**content, rules=rules)

    @property
    def failed(self) -> list[RuleResult]:
        """Rules that did not hold and block."""
        return [rule for rule in self.rules if not rule.passed]

    def to_dict(self) -> dict[str, Any]:
        """The record as it is written."""
        return asdict(self)


@dataclass(frozen=True)
class AuditReport:
    """The record in `audit.json`: one verdict on one file, known by its hash.

    Attributes:
        build_id: Build whose candidate was audited.
        file_sha256: Hash of the audited file.
        candidate_sha256: Hash of the candidate's record.
        passed: Whether every rule held.
        audited_at: When, UTC.
        seconds: Wall time, start-up of Great Expectations included.
        engine: Name and version of what ran the rules.
        rules: All results.
    """

    build_id: str
    file_sha256: str
    candidate_sha256: str
    passed: bool
    audited_at: str
    seconds: float
    engine: str
    rules: list[RuleResult]

    @classmethod
    def read(cls, path: Path) -> "AuditReport":
        """Read the record that an audit wrote."""
        content = read_json(path)
        rules = [RuleResult(**rule) for rule in content.pop("rules")]
        return cls(**content, rules=rules)

    @property
    def failed(self) -> list[RuleResult]:
        """Rules that did not hold and block."""
        return [rule for rule in self.rules if not rule.passed]

    def to_dict(self) -> dict[str, Any]:
        """The record as it is written."""
        return asdict(self)
