"""What an audit found, as it is stored next to the audited file.

Belongs here: the record's form, free of Great Expectations so that reading it is cheap. Does not: making it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crm_warehouse.publish.files import read_json


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule.

    Attributes:
        rule: Its name.
        table: The table it is about.
        why: What goes wrong for readers when it fails.
        passed: Whether it held.
        failing_rows: How many rows or groups broke it; None where the rule counts nothing or could not run.
        error: Kind of error that kept the rule from running; never a value from the data.
    """

    rule: str
    table: str
    why: str
    passed: bool
    failing_rows: int | None = None
    error: str | None = None


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
        """Rules that did not hold."""
        return [rule for rule in self.rules if not rule.passed]

    def to_dict(self) -> dict[str, Any]:
        """The record as it is written."""
        return asdict(self)
