"""Collecting what is wrong before stopping, so that one run shows everything there is to fix.

Belongs here: the list of problems and how it reads. Does not: deciding what is a problem.
"""

import re
from collections import defaultdict

from crm_warehouse.errors import WarehouseError

MAX_SHOWN_PER_SOURCE = 30
# Platforms' ids have digits in them and neither spaces nor signs, composite ones slashes.
_ID = re.compile(r"(?=.*\d)[\w.:/-]+")


def shown_key(key: str) -> str:
    """A row's key if it looks like an id, else its shape: shifted columns put people anywhere."""
    return key if _ID.fullmatch(key) else shape(key)


def shape(value: str) -> str:
    """What kind of letters a value has, and none of them."""
    return "".join("9" if c.isdigit() else "x" if c.isalpha() else c for c in value)


class Problems:
    """Problems by source, raised together at the end of each stage of the ingest."""

    def __init__(self) -> None:
        self._by_source: dict[str, list[str]] = defaultdict(list)

    def add(self, source: str, message: str) -> None:
        """Note a problem of one source; `message` names table, column and rows and never a personal value."""
        self._by_source[source].append(message)

    def raise_if_any(self, advice: str) -> None:
        """Stop here if anything was noted.

        Raises:
            WarehouseError: Every problem so far, grouped by source, ending in `advice`.
        """
        if not self._by_source:
            return
        lines = ["The raw input cannot be used; nothing was built."]
        for source, messages in sorted(self._by_source.items()):
            lines.append(f"Source {source}:")
            lines += [f"  - {message}" for message in messages[:MAX_SHOWN_PER_SOURCE]]
            if len(messages) > MAX_SHOWN_PER_SOURCE:
                lines.append(f"  - … and {len(messages) - MAX_SHOWN_PER_SOURCE} more")
        lines.append(advice)
        raise WarehouseError("\n".join(lines))
