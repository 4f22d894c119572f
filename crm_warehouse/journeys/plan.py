"""What the triggers need: read off the dbt project's lineage, so that a new platform or model needs no list of its own.

Belongs here: the walk from the triggers to what is built, copied and conformed. Does not: doing it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm_warehouse.ingest.declaration import CONFORMED_PREFIX, Platform, Table

TRIGGERS = "journey_triggers"


@dataclass(frozen=True)
class Plan:
    """One hourly run.

    Attributes:
        nodes: Names of the seeds and models that are built, and of the tests that judge them.
        unique_ids: The same by dbt's id: each of them has to succeed.
        copied: Marts that are taken from the live version.
        tables: Conformed tables that are read, by platform.
    """

    nodes: list[str]
    unique_ids: frozenset[str]
    copied: list[str]
    tables: dict[str, set[str]]


def hourly_plan(manifest: Mapping[str, Any], platforms: Mapping[str, Platform]) -> Plan:
    """Everything upstream of the triggers, up to the marts that are published already.

    Args:
        manifest: The parsed project.
        platforms: Declared raw tables.
    """
    nodes = manifest["nodes"]
    (target,) = (unique_id for unique_id, node in nodes.items() if _is_model(node, TRIGGERS))
    built, copied, sources = {target}, set(), set()
    frontier = [target]
    while frontier:
        for parent in nodes[frontier.pop()]["depends_on"].get("nodes", []):
            if parent.startswith("source."):
                sources.add(parent)
            elif _is_mart(nodes[parent]):
                copied.add(parent)
            elif parent not in built:
                built.add(parent)
                frontier.append(parent)
    tests = {unique_id for unique_id, node in nodes.items() if _is_judge(node, target, built, copied)}
    return Plan(
        nodes=sorted(nodes[unique_id]["name"] for unique_id in built | tests),
        unique_ids=frozenset(built | tests),
        copied=sorted(nodes[unique_id]["name"] for unique_id in copied),
        tables=_tables(manifest, sources, platforms),
    )


def _is_model(node: Mapping[str, Any], name: str) -> bool:
    return bool(node["resource_type"] == "model" and node["name"] == name)


def _is_mart(node: Mapping[str, Any]) -> bool:
    return bool(node["resource_type"] == "model" and node["fqn"][1] == "marts")


def _is_judge(node: Mapping[str, Any], target: str, built: set[str], copied: set[str]) -> bool:
    """Tests of the triggers and of the rules they follow; what is upstream of those was tested by the daily build."""
    parents = set(node["depends_on"].get("nodes", []))
    if node["resource_type"] != "test" or not parents <= built | copied:
        return False
    return target in parents or any(parent.startswith("seed.") for parent in parents & built)


def _tables(
    manifest: Mapping[str, Any], sources: set[str], platforms: Mapping[str, Platform]
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for unique_id in sources:
        source = manifest["sources"][unique_id]
        if source["schema"].startswith(CONFORMED_PREFIX):
            platform = platforms[source["source_name"]]
            found.setdefault(platform.name, set()).update(_with_needed(platform, source["name"]))
    return found


def _with_needed(platform: Platform, name: str) -> set[str]:
    """A table, and those that rules for its rows look at: whom or what a row belongs to."""
    needed = {name}
    frontier = [name]
    while frontier:
        for other in _named_by(platform.tables[frontier.pop()]):
            if other not in needed:
                needed.add(other)
                frontier.append(other)
    return needed


def _named_by(table: Table) -> Iterator[str]:
    yield from (parent.table for parent in table.parents)
    yield from (column.person for column in table.columns if column.person)
