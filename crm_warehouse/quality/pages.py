"""The pages of docs/rules/, written from the rules: `python -m crm_warehouse.quality.pages`.

Belongs here: rendering. Does not: the texts, which stand beside the rules in suites/.
"""

from pathlib import Path
from typing import Any

import yaml

from crm_warehouse.quality.rules import ARRIVAL_DIR, RELEASE_DIR, SUITES_DIR
from crm_warehouse.settings import PROJECT_DIR

RULES_DIR = PROJECT_DIR / "docs" / "rules"
INDEX = "README.md"
_GRANT = (
    "A line in `seeds/gate_overrides.csv` with this rule, the subject of the finding, who approved it, why, and until "
    "when (at most 92 days). It is named in the quality report and stops holding by itself."
)
_GATES = {
    "arrival": "before dbt, on what was loaded",
    "model": "dbt tests, while tables are built",
    "release": "on the candidate, before readers see it",
}
_INTRO = """# Rules of the gates

A build passes three gates; a rule that fails stops it, and readers keep the last good version. Each rule has a page: an
example, why it matters, where its limit lies, how to fix the cause, and how to grant an exception. These pages are
written by `python -m crm_warehouse.quality.pages` from the texts beside the rules.

"""


def pages() -> dict[str, str]:
    """File name and content of every page."""
    found: dict[str, list[dict[str, Any]]] = {gate: [] for gate in _GATES}
    texts = yaml.safe_load((SUITES_DIR / "pages.yml").read_text())
    for gate, entries in texts.items():
        found[gate] += entries
    for gate, folder in (("arrival", ARRIVAL_DIR), ("release", RELEASE_DIR)):
        found[gate] += [_own_page(rule) for rule in _described(folder)]
    files = {f"{page['page']}.md": _page(gate, page) for gate, listed in found.items() for page in listed}
    return {INDEX: _index(found), **files}


def patterns() -> list[str]:
    """Names and name patterns of all rules that have a page."""
    texts = yaml.safe_load((SUITES_DIR / "pages.yml").read_text())
    shared = [name for entries in texts.values() for entry in entries for name in entry["rules"]]
    own = [rule["rule"] for folder in (ARRIVAL_DIR, RELEASE_DIR) for rule in _described(folder)]
    return [*shared, *own]


def write(folder: Path = RULES_DIR) -> None:
    """Write all pages and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for path in folder.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, content in written.items():
        (folder / name).write_text(content)


def _described(folder: Path) -> list[dict[str, Any]]:
    """Rules that carry their own example."""
    suites = [
        suite for path in sorted(folder.glob("*.yml")) for suite in yaml.safe_load_all(path.read_text())
    ]
    return [rule for suite in suites for rule in suite["rules"] if "example" in rule]


def _own_page(rule: dict[str, Any]) -> dict[str, Any]:
    return {"exception": _GRANT, **rule, "page": rule["rule"], "rules": [rule["rule"]]}


def _page(gate: str, page: dict[str, Any]) -> str:
    title = page["page"].split("_", 1)[1].replace("_", " ").capitalize()
    parts = [
        f"# {title}",
        f"*{gate.capitalize()} gate*, {_GATES[gate]}. "
        f"Rules: {', '.join(f'`{name}`' for name in page['rules'])}.",
        f"**Example.** {page['example']}",
        f"**Why it matters.** {page['why']}",
    ]
    if "limit" in page:
        parts.append(f"**Limit.** {page['limit']}")
    parts += [f"**Fix.** {page['fix']}", f"**Exception.** {page['exception']}"]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _index(found: dict[str, list[dict[str, Any]]]) -> str:
    sections = []
    for gate, listed in found.items():
        lines = [f"- [{page['page']}]({page['page']}.md): {page['why'].strip()}" for page in listed]
        sections.append(f"## {gate.capitalize()} gate ({_GATES[gate]})\n\n" + "\n".join(lines))
    return _INTRO + "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    write()
