"""Components with pairs that must stay apart: nobody meets, nothing else is torn, whatever the shape."""

from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.python.identity.test_connected_components import DBT_PROFILE, DBT_PROJECT, run_models

Pair = tuple[int, int]
MODEL = """
{{ config(materialized='separated_components') }}
select source_node, target_node, edge_rank from main.edges
"""


def random_shop(rng: np.random.Generator, offset: int) -> tuple[list[Pair], list[Pair]]:
    """Links, the strongest first, and pairs apart, some of them linked."""
    size = int(rng.integers(2, 25))
    links = rng.integers(0, size, (int(rng.integers(1, 3 * size)), 2)) + offset
    aparts = rng.integers(0, size, (int(rng.integers(1, 6)), 2)) + offset
    return (
        [(int(a), int(b)) for a, b in links if a != b],
        [(int(a), int(b)) for a, b in aparts if a != b],
    )


@pytest.fixture(scope="module")
def graph() -> tuple[list[Pair], list[Pair]]:
    """200 random ones, and a chain, a star and a pair that is linked and apart, side by side."""
    rng = np.random.default_rng(5)
    links: list[Pair] = []
    aparts: list[Pair] = []
    for number in range(200):
        more_links, more_aparts = random_shop(rng, 100 * number)
        links += more_links
        aparts += more_aparts
    links += list(pairwise(range(30_000, 30_060))) + [(40_000, leaf) for leaf in range(40_001, 40_100)]
    aparts += [(30_000, 30_059), (40_001, 40_002), (50_000, 50_001)]
    links += [(50_000, 50_001)]
    return links, aparts


@pytest.fixture(scope="module")
def component(
    graph: tuple[list[Pair], list[Pair]], tmp_path_factory: pytest.TempPathFactory
) -> dict[int, int]:
    folder: Path = tmp_path_factory.mktemp("separated")
    (folder / "models").mkdir()
    (folder / "models" / "components.sql").write_text(MODEL)
    (folder / "dbt_project.yml").write_text(DBT_PROJECT)
    (folder / "profiles.yml").write_text(DBT_PROFILE)
    links, aparts = graph
    with duckdb.connect(str(folder / "graphs.duckdb")) as con:
        con.execute("create table edges (source_node bigint, target_node bigint, edge_rank bigint)")
        rows = [[a, b, rank] for rank, (a, b) in enumerate(links, 1)] + [[a, b, None] for a, b in aparts]
        con.executemany("insert into edges values (?, ?, ?)", rows)
    return run_models(folder)


def test_pairs_that_are_apart_never_meet(
    graph: tuple[list[Pair], list[Pair]], component: dict[int, int]
) -> None:
    assert [(a, b) for a, b in graph[1] if component[a] == component[b]] == []


def test_a_component_holds_together_by_links_alone(
    graph: tuple[list[Pair], list[Pair]], component: dict[int, int]
) -> None:
    reached = {node: node for node in component}

    def root(node: int) -> int:
        while reached[node] != node:
            node = reached[node]
        return node

    for a, b in graph[0]:
        if component[a] == component[b]:
            reached[root(a)] = root(b)
    members: dict[int, set[int]] = {}
    for node, name in component.items():
        members.setdefault(name, set()).add(root(node))
    assert {name: roots for name, roots in members.items() if len(roots) > 1} == {}
    assert all(name == min(n for n, c in component.items() if c == name) for name in list(members)[:50])


def test_only_a_contradiction_keeps_linked_records_apart(
    graph: tuple[list[Pair], list[Pair]], component: dict[int, int]
) -> None:
    contradictions = {frozenset((component[a], component[b])) for a, b in graph[1]}
    cut = [(a, b) for a, b in graph[0] if component[a] != component[b]]
    assert cut
    assert [(a, b) for a, b in cut if frozenset((component[a], component[b])) not in contradictions] == []


def test_the_weakest_link_goes(component: dict[int, int]) -> None:
    chain = [component[node] for node in range(30_000, 30_060)]
    assert chain == [30_000] * 59 + [30_059]
    assert sum(component[leaf] == component[40_000] for leaf in range(40_001, 40_100)) == 98
