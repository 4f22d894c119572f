"""Every rule has a page, and every page a rule."""

from fnmatch import fnmatch

import yaml

from crm_warehouse.ingest.rules import DELETED_RULES, QUARANTINE_RULES, REPLACED_RULES
from crm_warehouse.quality.pages import RULES_DIR, pages, patterns
from crm_warehouse.quality.rules import SUITES_DIR, arrival_rules, candidate_rules
from crm_warehouse.settings import PROJECT_DIR
from crm_warehouse.transform import read_manifest

# One entry that makes every derived rule appear.
TABLES = {
    "orders": {
        "rows": 1,
        "keys": [["order_key"]],
        "columns": [{"name": "note", "type": "VARCHAR"}, {"name": "net_amount", "type": "DECIMAL(18,4)"}],
    },
    "keyless": {"rows": 1, "keys": [], "columns": []},
}
SOURCES = [
    {"table_name": name, "row_count": 1}
    for name in ("order", "order_line", "order_line_refund", "customer", "person", "product", "ticket")
] + [{"table_name": "abandoned_checkout", "row_count": 1}]


def rule_names() -> set[str]:
    names = {rule.name for rule in [*arrival_rules(), *candidate_rules(TABLES, SOURCES)]}
    names |= {*QUARANTINE_RULES, *DELETED_RULES, *REPLACED_RULES}
    for node in read_manifest()["nodes"].values():
        if node["resource_type"] == "test":
            names.add((node.get("test_metadata") or {}).get("name", node["name"]))
    return names


def test_every_rule_has_a_page() -> None:
    known = patterns()
    missing = {name for name in rule_names() if not any(fnmatch(name, pattern) for pattern in known)}
    assert missing == set()


def test_every_page_is_about_a_rule() -> None:
    names = rule_names()
    described = [pattern for pattern in patterns() if not pattern.startswith("contract: ")]
    assert [p for p in described if not any(fnmatch(name, p) for name in names)] == []


def test_the_pages_in_docs_are_those_of_the_rules() -> None:
    """Otherwise: python -m crm_warehouse.quality.pages."""
    assert {path.name: path.read_text() for path in RULES_DIR.glob("*.md")} == pages()


def test_names_in_the_texts_exist() -> None:
    texts = yaml.safe_load((SUITES_DIR / "pages.yml").read_text())
    assert set(texts) == {"arrival", "model", "release"}
    for path in PROJECT_DIR.glob("docs/rules/*.md"):
        assert "TODO" not in path.read_text()
