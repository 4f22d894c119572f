"""Exceptions that people grant: who lets which finding pass, why, and until when.

Belongs here: reading `seeds/gate_overrides.csv`. Does not: applying them (validation.py).
"""

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from crm_warehouse.errors import WarehouseError
from crm_warehouse.settings import PROJECT_DIR

OVERRIDES_FILE = PROJECT_DIR / "seeds" / "gate_overrides.csv"
ANY_SUBJECT = "*"
MAX_DAYS = 92
"""An exception that lasts longer than a quarter is a rule, and belongs into the rule."""


@dataclass(frozen=True)
class Override:
    """One exception.

    Attributes:
        rule: Name of the rule.
        subject: What may break it, as the finding names it; `*` for everything.
        approved_by: Who answers for it.
        reason: Why it is right.
        approved_on: When it was granted.
        valid_until: Last day on which it holds.
    """

    rule: str
    subject: str
    approved_by: str
    reason: str
    approved_on: date
    valid_until: date

    def __str__(self) -> str:
        return f"overridden by {self.approved_by} until {self.valid_until}: {self.reason}"


def active_overrides(path: Path = OVERRIDES_FILE, today: date | None = None) -> list[Override]:
    """The exceptions that hold today; those that ran out are passed over, so that their rule blocks again.

    Raises:
        WarehouseError: A line is incomplete, or lasts longer than a quarter.
    """
    if not path.exists():
        return []
    today = today or datetime.now(UTC).date()
    with path.open(newline="") as file:
        found = [_override(path, number, row) for number, row in enumerate(csv.DictReader(file), start=2)]
    return [override for override in found if override.approved_on <= today <= override.valid_until]


def _override(path: Path, number: int, row: dict[str, str]) -> Override:
    try:
        texts = {name: row[name].strip() for name in ("rule", "subject", "approved_by", "reason")}
        first, last = (date.fromisoformat(row[name].strip()) for name in ("approved_on", "valid_until"))
    except (KeyError, ValueError, AttributeError) as error:
        raise WarehouseError(
            f"{path}, line {number} is no override ({error!r}). Fill in every column."
        ) from error
    empty = [name for name, text in texts.items() if not text]
    if empty:
        raise WarehouseError(
            f"{path}, line {number}: {', '.join(empty)} is empty. An exception needs all of it."
        )
    if (last - first).days > MAX_DAYS:
        raise WarehouseError(
            f"{path}, line {number}: an override lasts at most {MAX_DAYS} days. Shorten it, or change the rule."
        )
    return Override(**texts, approved_on=first, valid_until=last)
