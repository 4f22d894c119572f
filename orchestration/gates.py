"""What a gate judges, and what it found, as metadata of its asset check.

Belongs here: the mapping. Does not: judging.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

from crm_warehouse.quality.results import RuleResult

CANDIDATE = dg.AssetKey(["published", "candidate"])
"""What is audited, shown and published."""


def gate_metadata(rules: Iterable[RuleResult], report: Path) -> dict[str, Any]:
    """Counts by outcome, what failed and why, and where the whole report is."""
    rules = list(rules)
    found = [str(rule) for rule in rules if rule.status not in {"passed", "not_assessed"}]
    return {
        "rules": len(rules),
        **Counter(rule.status for rule in rules),
        "findings": dg.MetadataValue.md("\n".join(f"- {text}" for text in found) or "none"),
        "report": dg.MetadataValue.path(report),
    }
