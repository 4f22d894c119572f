"""The graph materialization gives what scipy gives, on graphs of every shape, in one real dbt run."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from crm_warehouse.settings import PROJECT_DIR
from tests.processes import clean_environment

Edges = NDArray[np.int64]

CHAIN_LENGTH = 100_000
RANDOM_GRAPHS = 300
DBT_PROJECT = f"""
name: crm_warehouse
profile: graphs
version: 0.1.0
macro-paths: ["{PROJECT_DIR / "macros" / "engine"}"]
flags: {{send_anonymous_usage_stats: false}}
"""
DBT_PROFILE = """
graphs:
  target: duckdb
  outputs: {duckdb: {type: duckdb, path: graphs.duckdb, threads: 1}}
"""
MODEL = "{{ config(materialized='connected_components') }} select source_node, target_node from main.edges"


def chain(nodes: Edges) -> Edges:
    return np.column_stack([nodes[:-1], nodes[1:]])


def zigzag(size: int) -> Edges:
    """A chain whose nodes alternate between low and high numbers: every other one is a local minimum."""
    nodes = np.arange(size)
    return chain(np.where(nodes % 2 == 0, nodes // 2, size - 1 - nodes // 2))


def star(hub: int, size: int) -> Edges:
    leaves = np.setdiff1d(np.arange(size), [hub])
    return np.column_stack([np.full(len(leaves), hub), leaves])


def comb(size: int) -> Edges:
    """A chain of hubs, each with a lower-numbered leaf that wants to stay a root."""
    hubs = np.arange(size, 2 * size)
    return np.vstack([chain(hubs), np.column_stack([hubs, np.arange(size)])])


def tree(size: int) -> Edges:
    children = np.arange(1, size)
    return np.column_stack([children, (children - 1) // 2])


def random_graph(rng: np.random.Generator) -> Edges:
    """Anything from dust to one component, with loops, duplicates and both directions of an edge."""
    size = int(rng.integers(2, 60))
    edges = rng.integers(0, size, (int(rng.integers(1, 2 * size)), 2))
    return np.vstack([edges, edges[: len(edges) // 3, ::-1]])


def graphs() -> Iterator[Edges]:
    rng = np.random.default_rng(7)
    nodes = np.arange(CHAIN_LENGTH)
    yield chain(nodes)
    yield chain(nodes[::-1])
    yield chain(rng.permutation(nodes))
    yield zigzag(CHAIN_LENGTH)
    yield np.vstack([chain(nodes[:1_000]), [[999, 0]]])
    for hub in (0, 5_000, 9_999):
        yield star(hub, 10_000)
    yield comb(20_000)
    yield rng.permutation(40_000)[comb(20_000)]
    yield tree(20_000)
    yield rng.permutation(20_000)[tree(20_000)]
    yield np.argwhere(np.ones((40, 40)))
    for _ in range(RANDOM_GRAPHS):
        yield random_graph(rng)


@pytest.fixture(scope="module")
def edges() -> Edges:
    """All graphs side by side: disjoint, so that each keeps its own components."""
    moved, offset = [], 0
    for graph in graphs():
        moved.append(graph + offset)
        offset += int(graph.max()) + 1
    return np.vstack(moved)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project with nothing but the engine's macros and one graph model."""
    folder = tmp_path_factory.mktemp("graphs")
    (folder / "models").mkdir()
    (folder / "models" / "components.sql").write_text(MODEL)
    (folder / "dbt_project.yml").write_text(DBT_PROJECT)
    (folder / "profiles.yml").write_text(DBT_PROFILE)
    return folder


def built_components(project: Path, edges: Edges) -> dict[int, int]:
    with duckdb.connect(str(project / "graphs.duckdb")) as con:
        con.execute("create or replace table edges (source_node bigint, target_node bigint)")
        if len(edges):
            sources, targets = edges[:, 0].copy(), edges[:, 1].copy()
            con.register("arrays", {"source_node": sources, "target_node": targets})
            con.execute("insert into edges select source_node, target_node from arrays")
        con.execute("insert into edges values (1, null), (null, 2), (null, null)")
    return run_models(project)


def run_models(project: Path) -> dict[int, int]:
    """Run the project's one graph model; node -> component."""
    command = [
        sys.executable,
        "-c",
        "from dbt.cli.main import cli; cli()",
        "--quiet",
        "run",
        "--profiles-dir",
        ".",
    ]
    run = subprocess.run(
        command,
        cwd=project,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    with duckdb.connect(str(project / "graphs.duckdb"), read_only=True) as con:
        rows = con.execute("select node_id, component_id from components").fetchall()
        assert len(rows) == len(dict(rows)), "a node has two components"
    return dict(rows)


def expected_components(edges: Edges) -> dict[int, int]:
    size = int(edges.max()) + 1
    adjacency = coo_array((np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(size, size))
    _, labels = connected_components(adjacency, directed=False)
    lowest = np.full(labels.max() + 1, size, dtype=np.int64)
    np.minimum.at(lowest, labels, np.arange(size))
    connecting = edges[edges[:, 0] != edges[:, 1]]
    nodes = np.unique(connecting)
    return dict(zip(nodes.tolist(), lowest[labels[nodes]].tolist(), strict=True))


def test_components_of_any_shape_are_those_of_scipy(project: Path, edges: Edges) -> None:
    assert built_components(project, edges) == expected_components(edges)


def test_a_graph_without_edges_has_no_components_whatever_was_there_before(project: Path) -> None:
    assert built_components(project, np.empty((0, 2), dtype=np.int64)) == {}
